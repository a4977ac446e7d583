"""``kimi-conformance fuzz``: requests that nobody wrote, and what holds for the answer to each of them."""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
from pathlib import Path

import click

from conformance.cli import options
from conformance.rows import ConfigurationError


@click.command("fuzz", epilog="\b\nExample:\n  kimi-conformance fuzz --target http://127.0.0.1:8765/v1 --seed 1")
@options.target
@click.option(
    "--mode", type=click.Choice(["live", "reference"]), default="live", show_default=True,
    help="Whom to ask: the target, or the reference server in this process.",
)  # fmt: skip
@click.option("--model", metavar="ID", help="The model to ask for; else the target's.")
@click.option(
    "--max-requests",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    metavar="N",
    help="Send no more than these.",
)
@click.option(
    "--max-cost", type=float, default=0.05, show_default=True, metavar="USD", help="Ask nothing that may cost more."
)
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="Make the same requests again; else another each time."
)
@options.out
@options.as_json
def command(
    target: str,
    mode: str,
    model: str | None,
    max_requests: int,
    max_cost: float,
    seed: int | None,
    out: Path | None,
    as_json: bool,  # noqa: FBT001 - an option of the command line
) -> None:
    """Ask what nobody thought of, made by schemathesis from the OpenAPI document, and judge every answer.

    A request that produces tokens asks for 16 of them at the most. What was uploaded is deleted again, and batches are
    cancelled; these requests count, too.
    """
    if importlib.util.find_spec("schemathesis") is None:
        raise ConfigurationError("fuzz needs schemathesis: pip install 'kimi-conformance[fuzz]'")
    from hypothesis.configuration import set_hypothesis_home_dir

    from conformance.fuzz.session import FuzzSession
    from conformance.fuzz.writing import Asked
    from conformance.report import summary
    from conformance.runner import pytest_run
    from conformance.runner.settings import settings

    asked = settings(target=target, mode=mode, model=model, max_cost=max_cost)
    chosen = random.randrange(2**32) if seed is None else seed  # noqa: S311 - a seed is no secret
    place = options.folder(out, f"fuzz-{asked.target.name}")
    per_minute = asked.target.requests_per_minute if mode == "live" else None
    minutes = f", {max_requests / per_minute:.0f} minutes at {per_minute} requests a minute" if per_minute else ""
    click.echo(f"--seed {chosen}: at most {max_requests} requests and {max_cost:g} USD{minutes}", err=True)
    with tempfile.TemporaryDirectory() as elsewhere:  # hypothesis keeps notes, and not in the folder of whoever asks
        set_hypothesis_home_dir(elsewhere)
        FuzzSession(Asked(asked, max_requests, chosen), place).run(lambda text: click.echo(f"  {text}", err=True))
    sys.exit(summary.tell(pytest_run.again(place / "run.ndjson"), place, as_json=as_json, emit=options.emit))
