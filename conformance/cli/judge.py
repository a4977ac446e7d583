"""``kimi-conformance judge``: evidence that somebody recorded."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from conformance.cli import options


@click.command(
    "judge", epilog="\b\nExample:\n  kimi-conformance judge answer.json cassettes/ --endpoint chat.completions"
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@options.target
@click.option("--endpoint", metavar="ENDPOINT", help="What the bodies are answers of; else their shape tells.")
@options.as_of
@options.out
@options.as_json
def command(
    paths: tuple[Path, ...],
    target: str,
    endpoint: str | None,
    as_of: date | None,
    out: Path | None,
    as_json: bool,  # noqa: FBT001 - an option of the command line
) -> None:
    """Judge recorded evidence of any origin, offline.

    Takes JSON bodies, SSE transcripts, cassettes (YAML or JSON), HAR files, batch files (.jsonl), run files, and
    folders of those. What cannot be read or placed could not be checked, and is said so.
    """
    from conformance import targets
    from conformance.report import summary
    from conformance.runner import pytest_run, recorded

    whom = targets.load(target)
    recorded.require(list(paths), endpoint)
    place = options.folder(out, f"judge-{whom.name}")
    recorded.judge(list(paths), whom, endpoint, as_of, place)
    sys.exit(summary.tell(pytest_run.again(place / "run.ndjson"), place, as_json=as_json, emit=options.emit))
