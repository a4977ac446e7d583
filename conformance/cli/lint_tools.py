"""``kimi-conformance lint-tools``: tools and their schemas against what Moonshot accepts, offline."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import options
from conformance.rows import ConfigurationError

if TYPE_CHECKING:
    from conformance.judge.toolschemas import Complaint

Linted = tuple[str, int, "list[Complaint]"]


@click.command("lint-tools", epilog="\b\nExample:\n  kimi-conformance lint-tools tools.json request.json")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--as-of", type=options.Day(), help="The day whose rules hold; else today.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(files: tuple[str, ...], as_of: date | None, as_json: bool) -> None:  # noqa: FBT001
    """Hold tools and their schemas against what Moonshot accepts, offline.

    A FILE is JSON: a list of tools, a chat request, or one tool; - is standard input. Exit status: 0 nothing found,
    1 complaints, 2 a file that cannot be read or holds no tools.
    """
    day = as_of or datetime.now(UTC).date()
    linted = [_lint(name, day) for name in files]
    if as_json:
        options.emit(json.dumps(_document(linted, day), indent=1))
    else:
        click.echo(_page(linted, day))
    sys.exit(1 if any(complaints for _, _, complaints in linted) else 0)


def _lint(name: str, day: date) -> Linted:
    """Return a file's name, how many tools it holds, and the complaints; pointers start at the root of the file."""
    from dataclasses import replace

    from conformance.judge.toolschemas import lint_tools

    tools, before, after = _tools(_read(name), name)
    found = lint_tools(tools, day)
    return name, len(tools), [replace(one, where=after + one.where.removeprefix(before)) for one in found]


def _read(name: str) -> Any:  # noqa: ANN401 - JSON is any value
    from conformance import strictjson

    try:
        return strictjson.loads(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except (OSError, ValueError) as error:
        # The name of a path may hold a null byte, which is a ValueError; what is no JSON is one, too.
        place = f" ({error.where})" if isinstance(error, strictjson.NotStrictJSON) and error.where else ""
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{name}: {reason}{place}") from None


def _tools(document: object, name: str) -> tuple[list[Any], str, str]:
    """Return the tools that a file holds, and which beginning of their pointers to replace with what."""
    if isinstance(document, dict) and "tools" in document:
        tools, before, after = document["tools"], "", "/tools"
    elif isinstance(document, dict) and document.keys() & {"type", "function"}:
        tools, before, after = [document], "/0", ""
    else:
        tools, before, after = document, "", ""
    if not isinstance(tools, list):
        raise ConfigurationError(f"{name}: holds no tools; give a list of tools, a chat request or one tool")
    if not tools:
        raise ConfigurationError(f"{name}: holds no tools: the list is empty, so nothing was looked at")
    return tools, before, after


def _document(linted: list[Linted], day: date) -> dict[str, Any]:
    return {
        "as_of": day.isoformat(),
        "files": [
            {"file": name, "tools": tools, "complaints": [_row(one, day) for one in complaints]}
            for name, tools, complaints in linted
        ],
    }


def _row(one: Complaint, day: date) -> dict[str, str]:
    from conformance.catalogue import mfjs

    rule = mfjs.rules(day)[one.rule]
    return {
        "rule": one.rule,
        "where": one.where,
        "sentence": rule.sentence,
        "effect": rule.effect.value,
        "expected": one.expected,
        "actual": one.actual,
        "source": one.source,
    }


def _page(linted: list[Linted], day: date) -> str:
    lines = []
    for name, _, complaints in linted:
        for row in (_row(one, day) for one in complaints):
            # A pointer is made of names from the file; what a terminal would obey is shown as an escape.
            lines.append(_wrapped(f"{click.format_filename(name)}: {repr(row['where'])[1:-1] or 'the whole'}", "  "))
            lines.append(_wrapped(f"  {row['rule']} ({row['effect']}): {row['sentence']}", "    "))
            lines.append(_wrapped(f"    expected {row['expected']}; got {row['actual']}", "    "))
            lines.append(f"    {row['source']}")
    counts = [len(linted), sum(tools for _, tools, _ in linted), sum(len(found) for _, _, found in linted)]
    words = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in zip(counts, _COUNTED, strict=True)]
    return "\n".join([*lines, ", ".join(words)])


_COUNTED = ("file", "tool", "complaint")


def _wrapped(text: str, indent: str) -> str:
    return fill(text, 80, subsequent_indent=indent, break_on_hyphens=False, replace_whitespace=False)
