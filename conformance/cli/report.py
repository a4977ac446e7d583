"""``kimi-conformance report``: the reports again, from run files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli import options


@click.command("report", epilog="\b\nExample:\n  kimi-conformance report reports/latest/run.ndjson")
@click.argument("runfiles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUNFILE...")
@options.as_json
def command(runfiles: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - an option of the command line
    """Make the reports of run files again, beside each.

    The exit status is that of the runs: the worst, where there are several.
    """
    from conformance.report import summary
    from conformance.runner import pytest_run
    from conformance.runner.session import worst

    if as_json and len(runfiles) > 1:
        raise click.UsageError("--json prints one document: give one run file")
    codes = [summary.tell(pytest_run.again(path), path.parent, as_json=as_json, emit=options.emit) for path in runfiles]
    sys.exit(worst(codes))
