"""``kimi-conformance doctor``: what keeps a client from working, before any clause is judged."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from conformance import __version__
from conformance.cli import options

if TYPE_CHECKING:
    from conformance.doctor.asking import Examined
    from conformance.evidence.runfile import Record


@click.command("doctor", epilog="\b\nExample:\n  kimi-conformance doctor --target moonshot")
@options.target
@click.option("--model", metavar="ID", help="The model to ask for; else the target's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(target: str, model: str | None, as_json: bool) -> None:  # noqa: FBT001 - an option of the command line
    """Tell what keeps a client from working: the key, the network, the account; one sentence each.

    The first step that fails is explained, and nothing is asked behind it. The key is read from the environment
    variable that the target names. Exit status: 0 all is well or only warned of, 2 wrong usage, 3 a step failed or
    could not be looked at.
    """
    from conformance.doctor.asking import PAID, visit
    from conformance.doctor.steps import Seen
    from conformance.report import doctor
    from conformance.runner import spending
    from conformance.runner.settings import whom_to_ask
    from conformance.scenarios import scenarios

    started = datetime.now(UTC)
    whom, chosen = whom_to_ask(target, model, started.date())
    most = spending.most(scenarios()[PAID], chosen)
    click.echo(f"asks {whom.base_url}; the last step may cost {most:.4f} USD at the most", err=True)
    found = document(visit(Seen(whom, chosen, started.date(), os.environ.get(whom.key_variable))), started)
    _show(found["steps"])
    if as_json:
        options.emit(json.dumps(found, ensure_ascii=False, indent=1))
    sys.exit(doctor.exit_of(found["steps"]))


def document(examined: Examined, started: datetime) -> Record:
    """Return what ``--json`` prints, without the key; its schema is schemas/doctor.json."""
    from conformance.doctor.examination import records
    from conformance.evidence.redact import Redactor
    from conformance.evidence.runfile import RunFile
    from conformance.report import doctor
    from conformance.runner import spending
    from conformance.vocabulary import Mode, Run

    seen = examined.seen
    clean = RunFile(None, Redactor(seen.target.key_variable, (seen.held or "").strip()))
    steps = [clean.write("doctor", step) for step in records(examined.steps)]
    run = Run(__version__, seen.target, Mode.LIVE, seen.model, started, conversations={"doctor": seen.said})
    return {
        "suite": __version__,
        "target": seen.target.name,
        "base_url": seen.target.base_url,
        "model": seen.model,
        "started": started.isoformat(timespec="seconds"),
        "exit": doctor.exit_of(steps),
        "steps": [{name: value for name, value in step.items() if name != "kind"} for step in steps],
        "spend": spending.of(run),
    }


def _show(steps: list[Record]) -> None:
    from conformance.report import doctor

    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    for line in (*doctor.lines(steps, width), doctor.headline(steps)):
        click.echo(line, err=True)
