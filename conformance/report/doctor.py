"""What the doctor found, for a terminal, for the page and for the summary."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import groupby

from conformance.evidence.runfile import Record

WORDS = {"pass": "ok", "warn": "warn", "fail": "FAIL", "could-not-check": "?", "not-applicable": "-"}
# The columns of the status and of the longest name of a step.
MARGIN, NAMES = 6, 10
BEHIND = " " * (MARGIN + NAMES + 1)
EXIT_WELL, EXIT_COULD_NOT_CHECK = 0, 3


def exit_of(steps: list[Record]) -> int:
    """Return the exit status: 0 where every step that the target has is well, or only warned of, else 3."""
    sick = any(step["status"] in ("fail", "could-not-check") for step in steps)
    return EXIT_COULD_NOT_CHECK if sick else EXIT_WELL


def headline(steps: list[Record]) -> str:
    """Return in one sentence how many steps came to what."""
    told = Counter(step["status"] for step in steps)
    return "Doctor: " + ", ".join(f"{count} {status}" for status in WORDS if (count := told[status])) + "."


def notable(steps: list[Record]) -> list[Record]:
    """Return the steps that somebody should read: those that warn or fail."""
    return [step for step in steps if step["status"] in ("warn", "fail")]


def lines(steps: list[Record], width: int | None) -> Iterator[str]:
    """Yield the steps for a terminal of so many columns, or unbroken; steps of which the same is said as one."""
    for (status, sentence), group in groupby(steps, key=lambda step: (step["status"], step["sentence"])):
        same = list(group)
        names = ", ".join(step["step"] for step in same) + (":" if len(same) > 1 else "")
        yield from _folded(f"{WORDS[status]:<{MARGIN}}{names:<{NAMES}} {sentence}", width)
        if status in ("warn", "fail"):
            more = filter(None, (same[0]["advice"], same[0]["source"]))
            yield from (line for text in more for line in _folded(BEHIND + text, width))


def _folded(text: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    return textwrap.wrap(text, max(width, 2 * len(BEHIND)), subsequent_indent=BEHIND, break_on_hyphens=False)


def page(steps: list[Record]) -> str:
    """Return the steps for the head of the page, unfolded where one should be read; nothing where there are none."""
    if not steps:
        return ""
    rows = "".join(
        f'<tr><td class="verdict-{escape(step["status"])}">{escape(step["status"])}</td>'
        f"<td>{escape(step['step'])}</td><td>{escape(step['sentence'])} {escape(step['advice'])}{_link(step)}</td></tr>"
        for step in steps
    )
    opened = " open" if notable(steps) else ""
    return (
        f'<details class="doctor"{opened}><summary>{escape(headline(steps))}</summary><table>{rows}</table></details>'
    )


def _link(step: Record) -> str:
    source = escape(step["source"])
    return f' <a href="{source}" rel="noreferrer">source</a>' if source.startswith("https://") else ""
