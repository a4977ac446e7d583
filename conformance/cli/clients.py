"""``kimi-conformance clients``: a client library against the target, and what it hides."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import click

from conformance.cli import options
from conformance.rows import ConfigurationError


@click.command("clients", epilog="\b\nExample:\n  kimi-conformance clients --mode reference")
@options.target
@click.option(
    "--mode", type=click.Choice(["live", "reference"]), default="live", show_default=True,
    help="Whom to ask: the target, or the reference server in this process.",
)  # fmt: skip
@click.option("--model", metavar="ID", help="The model to ask for; else the target's.")
@options.out
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(target: str, mode: str, model: str | None, out: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Run the installed OpenAI SDK against a target, and compare what it shows with what was on the wire.

    What it hides, fills in, converts, cannot say and sends of its own. A dozen of its requests are paid, and ask for
    few tokens; what it uploads it deletes. Exit status: 1 the SDK fails on an answer, 3 something could not be checked.
    """
    if not all(importlib.util.find_spec(name) for name in ("openai", "httpx2")):
        raise ConfigurationError("clients needs the OpenAI SDK: pip install 'kimi-conformance[clients]'")
    from conformance.clients.session import EXCHANGES, ClientsSession
    from conformance.clients.telling import page
    from conformance.runner.settings import settings

    asked = settings(target=target, mode=mode, model=model)
    place = options.folder(out, f"clients-{asked.target.name}")
    session = ClientsSession(asked)
    document = session.run(lambda text: click.echo(f"  {text}", err=True))
    told, text = page(document), json.dumps(document, ensure_ascii=False, indent=1)
    session.write({"clients.json": text, "clients.txt": told}, place)
    if as_json:
        options.emit(text)
    click.echo(told, err=as_json)
    click.echo(f"The exchanges are in {place / EXCHANGES}, and judge reads them.", err=as_json)
    sys.exit(document["exit"])
