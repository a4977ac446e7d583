"""``kimi-conformance serve``: a Kimi on this machine."""

from __future__ import annotations

from datetime import date

import click

from conformance.cli import options


@click.command("serve", epilog="\b\nExample:\n  kimi-conformance serve --port 8765 --fault usage-sum-off")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="Lie in this way; may be given several times.")
@click.option(
    "--profile",
    type=click.Choice(["aimlapi", "openrouter"]),
    help="Be this gateway in front of a Kimi: its ids, errors and lists of models.",
)
@click.option(
    "--latency", type=click.FloatRange(0, 600), default=0.0, metavar="SECONDS", help="Wait before each answer."
)
@click.option(
    "--tokens-per-second",
    type=click.FloatRange(0.01, 1_000_000),
    metavar="N",
    help="Speak this fast, also in streams; by default at once.",
)
@options.as_of
def command(
    port: int,
    faults: tuple[str, ...],
    profile: str | None,
    latency: float,
    tokens_per_second: float | None,
    as_of: date | None,
) -> None:
    """Serve an honest Kimi API on this machine, for whoever has no key or no network.

    Any key that begins with sk- is accepted. The base URL is the first line on standard output. The lies that --fault
    knows are listed by --fault help.
    """
    from conformance.reference import create_app
    from conformance.reference import faults as known
    from conformance.reference.serving import serve

    if "help" in faults:
        for name, fault in known().items():
            click.echo(f"{name}\n    {fault.sentence}")
        return
    app = create_app(as_of=as_of, fault=faults, latency=latency, tokens_per_second=tokens_per_second, profile=profile)
    serve(app, port=port)
