"""``kimi-conformance scan``: people's own code and configuration against the catalogue, offline."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import options
from conformance.rows import ConfigurationError

if TYPE_CHECKING:
    from conformance.scan.files import Found, Scan


@click.command("scan", epilog="\b\nExample:\n  kimi-conformance scan src .env docker-compose.yml")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--as-of", type=options.Day(), help="The day to judge by; else today.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0 on standard output.")
def command(paths: tuple[Path, ...], as_of: date | None, as_json: bool, as_sarif: bool) -> None:  # noqa: FBT001
    """Find what is wrong, or will be refused, in code and configuration that uses Kimi.

    Ids of retired models, ids on a host that does not know them, parameters that the model refuses, keys of another
    region. Reads Python, JavaScript, TypeScript, JSON, YAML, TOML and .env files, and folders of them; comments and
    prose are passed over. Exit status: 0 nothing found, 1 found, 2 wrong usage, 3 nothing could be read.
    """
    from conformance.scan.files import scan

    if as_json and as_sarif:
        raise ConfigurationError("--json and --sarif each want standard output for themselves; give one of them")
    for path in paths:
        if not os.path.lexists(path):
            raise ConfigurationError(f"there is no file {path}")
    day = as_of or datetime.now(UTC).date()
    result = scan(list(paths), day)
    if as_sarif:
        from conformance.scan import sarif

        options.emit(json.dumps(sarif.document(result), indent=1))
    elif as_json:
        options.emit(json.dumps(_document(result, day), indent=1))
    else:
        click.echo("\n".join(_page(result)))
    sys.exit(1 if result.found else 0 if result.files else 3)


def _document(result: Scan, day: date) -> dict[str, Any]:
    return {
        "as_of": day.isoformat(),
        "files": result.files,
        "bytes": result.size,
        "found": [_row(one) for one in result.found],
        "unread": [{"file": file, "reason": reason} for file, reason in sorted(result.unread.items())],
        "passed_over": dict(sorted(result.passed_over.items())),
    }


def _row(one: Found) -> dict[str, Any]:
    said = one.complaint
    row = {"rule": said.rule, "file": one.file, "line": one.line, "column": one.column, "what": said.what}
    return {**row, "use": said.use or None, "source": said.source}


def _page(result: Scan) -> list[str]:
    lines = []
    for one in result.found:
        # The name of a file, and an id from it, may hold what a terminal would obey.
        lines.append(f"{_shown(one.file)}:{one.line}:{one.column}: {one.complaint.rule}")
        lines.append(_wrapped(f"  {_shown(one.complaint.what)}", "    "))
        lines.append(_wrapped(f"  today: {one.complaint.use or 'nothing is known that could be used'}", "    "))
        lines.append(f"  {one.complaint.source}")
    lines += [_wrapped(f"could not read {_shown(file)}: {why}", "  ") for file, why in sorted(result.unread.items())]
    if result.passed_over:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(result.passed_over.items()))
        lines.append(_wrapped(f"passed over: {told}", "  "))
    counts = {"file": result.files, "complaint": len(result.found)}
    return [*lines, ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items())]


def _shown(text: str) -> str:
    return repr(text)[1:-1]


def _wrapped(text: str, indent: str) -> str:
    return fill(text, 80, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
