"""The kill table: of how many clauses it was seen that they can fail, and what was made wrong for it.

It is measured by ``kimi-conformance selftest`` and kept beside this module, so that every report can tell what its
checks are worth.
"""

from __future__ import annotations

import json
import textwrap
from html import escape
from pathlib import Path
from typing import Any

Record = dict[str, Any]
KEPT = Path(__file__).with_name("kill_table.json")
COLUMNS = {
    "clauses": "clauses",
    "killable": "can fail",
    "mutants": "mutants",
    "lies": "of them lies",
    "killed": "killed",
}
_COUNTS = ("clauses", "clauses_killable", "clauses_excluded", "clauses_of_fuzz", "mutants", "lies", "changes", "killed")


def kept(document: Record) -> Record:
    """Return what is kept of a score, which is all but lists and times; ``document`` is as in schemas/selftest.json."""
    counts = {name: document[name] for name in _COUNTS}
    return counts | {
        "survivors": len(document["survivors"]),
        "false_alarms": len(document["false_alarms"]),
        "equivalent": len(document["equivalent"]),
        "noisy": len(document["noisy"]),
        "models": len(document["models"]),
        "groups": document["groups"],
    }


def published() -> Record:
    """Return the score that was measured last."""
    found: Record = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def sentence(score: Record) -> str:
    """Return the score in words; ``score`` is what ``kept`` returns."""
    return (
        f"{score['clauses_killable']} of {score['clauses']} clauses were seen to fail when something was made to break "
        f"them: {score['killed']} of {score['mutants']} wrong answers were found, {score['lies']} of them lies of the "
        f"reference server, the others the smallest changes that break one node of a schema: {score['changes']} "
        f"different ones, each in every answer that has the place for it. "
        f"{score['survivors']} survived. {score['clauses_of_fuzz']} more clauses are looked at by `fuzz` alone, and "
        f"{score['clauses_excluded']} are not checked, each with its reason in the ledger. "
        f"An honest server, asked for each of {score['models']} models, raised "
        f"{score['false_alarms']} false alarms."
    )


def rows(score: Record) -> list[list[str]]:
    """Return the table and a last row for all: what breaks clauses of two groups is in the rows of both."""
    told = [[group["group"], *(str(group[name]) for name in COLUMNS)] for group in score["groups"]]
    names = ("clauses", "clauses_killable", "mutants", "lies", "killed")
    return [*told, ["all", *(str(score[name]) for name in names)]]


def markdown(score: Record) -> str:
    """Return the score as a table for a README."""
    head = ["clauses about", *COLUMNS.values()]
    lines = [head, ["---", *("---:" for _ in COLUMNS)], *rows(score)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def readme(score: Record) -> str:
    """Return the score as it stands in the README."""
    return f"{textwrap.fill(sentence(score), 120)}\n\n{markdown(score)}"


def page(score: Record) -> str:
    """Return the score as a folded part of the report."""
    head = "".join(f"<th>{escape(name)}</th>" for name in ("clauses about", *COLUMNS.values()))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows(score))
    return (
        f'<details class="kills"><summary>What these checks are worth: the kill table</summary><p>'
        f"{escape(sentence(score))}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details>"
    )
