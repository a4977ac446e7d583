"""``kimi-conformance drift``: what was announced, documented and listed, against each other."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli import options
from conformance.rows import ConfigurationError

if TYPE_CHECKING:
    from conformance.runner.rollcall import RollCall


@click.command(
    "drift",
    epilog="\b\nExample:\n  kimi-conformance drift --openapi docs-2026-05-01.json --as-of 2026-07-16",
)
@click.option(
    "--target", default="moonshot", show_default=True, metavar="NAME", help="Whose facts they are held against."
)
@click.option("--openapi", multiple=True, metavar="FILE", help="A published OpenAPI document; any number of them.")
@click.option("--models", type=click.Path(path_type=Path), metavar="FILE", help="A recorded answer of GET /models.")
@click.option("--prices", multiple=True, metavar="FILE", help="A recorded page that tells prices; any number of them.")
@click.option(
    "--mode",
    type=click.Choice(["live", "reference"]),
    help="Also ask: for the list of models, and each model that matters for one token.",
)
@click.option(
    "--max-cost", type=float, default=0.05, show_default=True, metavar="USD", help="Ask nothing that may cost more."
)
@click.option("--run", type=click.Path(path_type=Path), metavar="RUNFILE", help="A run, as its run.ndjson tells it.")
@options.since
@click.option("--as-of", type=options.Day(), help="The day to judge by; else each document's own.")
@click.option(
    "--fail-on", type=click.Choice(["breaking", "risky", "harmless"]), default="breaking", show_default=True,
    help="The least weight of a change that makes the exit status 1.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(
    target: str,
    openapi: tuple[str, ...],
    models: Path | None,
    run: Path | None,
    since: tuple[Path, ...],
    prices: tuple[str, ...],
    mode: str | None,
    max_cost: float,
    as_of: date | None,
    fail_on: str,
    as_json: bool,  # noqa: FBT001 - an option of the command line
) -> None:
    """Tell where documents, pages of prices, lists of models and announcements disagree; offline, unless --mode asks.

    A document is of the day in its file's name (docs-2026-05-01.json), else of --as-of, else of today. They are
    compared in the order of their days, by meaning. The last one stands until --as-of.

    With --mode, the target or the reference server is asked for its list of models, and each model that is announced,
    listed or lately retired for one token. What the last --since tells of models is what was seen last.

    With --since, only what is new counts: a change that goes on is not told again, one that ended is. Of two runs, the
    answers are compared, too.

    Exit status: 0 no new change of that weight, 1 at least one, 3 a file could not be checked, 5 a waiver is stale.
    """
    from conformance import targets
    from conformance.drift import comparison, earlier, runs
    from conformance.evidence.redact import Redactor
    from conformance.report import drift as report
    from conformance.vocabulary import Severity

    whom = targets.load(target)
    paths, pages = [_required(name) for name in openapi], [_required(name) for name in prices]
    if not paths and not pages and models is None and run is None and mode is None:
        raise ConfigurationError("nothing to compare; give --openapi, --models, --prices or --run FILE, or --mode")
    redactor = Redactor(whom.key_variable, os.environ.get(whom.key_variable, "").strip())
    before, now = earlier.read_all(since, redactor), earlier.read(run, redactor, "--run") if run else None
    runs.require_same(whom.name, now.model if now else None, before, now)
    recorded = models and _required(str(models))
    rolled = _ask(target, mode, as_of, max_cost) if mode else None
    last = since[-1] if since else None
    asked = comparison.Asked(whom, paths, recorded, as_of, datetime.now(UTC).date(), pages, since=last)
    if rolled:
        asked = replace(asked, exchanges=rolled.exchanges, answered_by=rolled.answered_by)
    drift, stands = runs.compared(comparison.compare(asked, redactor), now, before)
    told = report.document(drift, stands, Severity(fail_on))
    told |= {"mode": mode or "offline", "spend": rolled and rolled.spend}
    if as_json:
        options.emit(report.text(told))
    else:
        click.echo(report.page(told))
    sys.exit(told["exit"])


def _ask(target: str, mode: str, as_of: date | None, max_cost: float) -> RollCall:
    """Ask a target for its models; raises ConfigurationError where that was asked for in a way that cannot be."""
    from conformance.runner import rollcall
    from conformance.runner.settings import settings

    asked = settings(target=target, mode=mode, as_of=as_of, max_cost=max_cost)
    return rollcall.ask(asked, lambda told: click.echo(told, err=True))


def _required(name: str) -> Path:
    """Return the path of a file that is there; raises ConfigurationError for a URL and for a file that is not."""
    if "://" in name:
        raise ConfigurationError(f"{name}: documents are read from files; fetch it first, and name the file by its day")
    from conformance.evidence.recorded import source

    try:
        return source.require(Path(name))
    except ValueError as error:  # a null byte in the name
        raise ConfigurationError(f"{name!r}: {error}") from None
