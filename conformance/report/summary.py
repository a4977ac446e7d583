"""What a run leaves behind for people and programs: files, a table on the terminal, and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.evidence.runfile import Record
from conformance.report import doctor, results
from conformance.report.text import complaint, money, pace

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 12
NOT_GREEN = ("error", "fail", "could-not-check", "warn")
CALLED = {
    0: "conforms", 1: "does not conform", 3: "could not be checked", 4: "the suite itself failed", 5: "stale",
}  # fmt: skip


def tell(records: list[Record], out: Path, *, as_json: bool, emit: Callable[[str], None]) -> int:
    """Write the files, say what came of the run, and return the exit status.

    With ``as_json`` standard output gets the document alone; what is for people goes to standard error.
    """
    text = results.write(records, out)
    _show(records, out)
    if as_json:
        emit(text)
    return int(records[-1].get("exit", 4))


def _show(records: list[Record], out: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
    run, end = records[0], records[-1]
    console.print(run["provenance_sentence"], markup=False, style="bold")
    steps = [record for record in records if record["kind"] == "doctor"]
    width = console.width if sys.stderr.isatty() else None
    for line in (doctor.headline(steps), *doctor.lines(doctor.notable(steps), width)) if steps else ():
        console.print(line, markup=False, soft_wrap=True)
    verdicts = [record for record in records if record["kind"] == "verdict"]
    not_green = [record for record in verdicts if record["status"] in NOT_GREEN]
    not_green.sort(key=lambda record: NOT_GREEN.index(record["status"]))
    for record in not_green[:SHOWN]:
        console.print("\n" + complaint(record), markup=False)
    if len(not_green) > SHOWN:
        console.print(f"\n… and {len(not_green) - SHOWN} more in {out / 'summary.md'}", markup=False)
    table = Table(title=None, show_edge=False)
    counts = end.get("counts", {})
    for name in counts:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_row(*map(str, counts.values()))
    console.print()
    console.print(table)
    for line in (money(end), *(pace(record) for record in records if record["kind"] == "timing")):
        if line:
            console.print(line, markup=False)
    _show_changes(results.changed(records), console)
    for sentence in end.get("stale", []):
        console.print(f"stale: {sentence}", markup=False)
    verdict = CALLED.get(int(end.get("exit", 4)), "unknown")
    console.print(
        f"\n{run['target']} ({run['model']}, {run['mode']}, as of {run['as_of']}): {verdict}",
        markup=False,
        style="bold",
    )
    console.print(f"report: {out / 'report.html'}", markup=False)


def _show_changes(lines: list[str], console: Console) -> None:
    for line in lines[:SHOWN]:
        console.print(line, markup=False)
    if len(lines) > SHOWN:
        console.print(f"… and {len(lines) - SHOWN} more in summary.md", markup=False)
