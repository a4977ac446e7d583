"""``kimi-conformance selftest``: kill every mutant, raise no false alarm."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from conformance.cli import options

RED = 4
SHOWN = 12


@click.command("selftest", epilog="\b\nExample:\n  kimi-conformance selftest --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(as_json: bool) -> None:  # noqa: FBT001 - an option of the command line
    """Prove that every check can fail, and that an honest server passes.

    Runs the checks, in this machine alone, against answers in which one node of a schema is broken, against every lie
    of the reference server, and against an honest one that is asked for every model. It takes about a minute.

    Exit status 4 where something wrong was not found, a clause was never seen to fail, or an honest server was blamed.
    """
    from conformance.proof import score

    measured = score.measure()
    told = score.document(measured)
    _show(told)
    if as_json:
        options.emit(json.dumps(told, ensure_ascii=False, indent=1))
    sys.exit(0 if measured.is_green else RED)


def _show(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from conformance.report import kills

    console = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
    table = Table(show_edge=False)
    table.add_column("clauses about")
    for name in kills.COLUMNS.values():
        table.add_column(name, justify="right")
    for row in kills.rows(kills.kept(told)):
        table.add_row(*row)
    console.print(table)
    console.print()
    console.print(kills.sentence(kills.kept(told)), markup=False)
    console.print(f"{len(told['noisy'])} were found beside complaints of something else.", markup=False)
    wrong = [
        *(_survivor(one) for one in told["survivors"]),
        *(
            f"false alarm: {one['about']}: {one['clause']} {one['scenario']} {one['status']}"
            for one in told["false_alarms"]
        ),
        *(f"never seen to fail: {clause}" for clause in told["unproven"]),
    ]
    for line in wrong[:SHOWN]:
        console.print(line, markup=False)
    if len(wrong) > SHOWN:
        console.print(f"… and {len(wrong) - SHOWN} more; --json tells them all", markup=False)
    verdict = "red" if wrong else "green"
    console.print(f"selftest: {verdict}, {told['mutants'] / told['seconds']:.0f} mutants a second, {told['seconds']} s",
                  markup=False, style="bold")  # fmt: skip


def _survivor(one: dict[str, Any]) -> str:
    ended = "" if one["exit"] == one["deserved"] else f", exit {one['exit']} in place of {one['deserved']}"
    silent = ", ".join(sorted({*one["breaks"]} - {*one["broken"]})[:3])
    missed = f", not noticed by {silent}" if silent else ""
    return f"survived: {one['mutant']} ({' '.join(filter(None, (one['model'], one['where'])))}){missed}{ended}"
