"""Options that several commands share, and where their output goes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from conformance.rows import ConfigurationError


class Day(click.ParamType[date]):
    """A day such as 2026-04-23."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401
        """Return the day; fails with a sentence."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-04-23", param, ctx)


target = click.option("--target", default="moonshot", show_default=True, metavar="NAME|URL", help="Whom to judge.")
as_of = click.option("--as-of", type=Day(), help="The day to judge by; else the day an answer was made.")
out = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where the reports go.")
since = click.option(
    "--since", type=click.Path(path_type=Path), multiple=True, metavar="RUNFILE",
    help="Tell what changed since this run; give several for more samples.",
)  # fmt: skip
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print results.json on standard output, and nothing else there."
)


def folder(asked: Path | None, name: str) -> Path:
    """Return the folder for the output of a command, made; raises ConfigurationError where it cannot be."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    safe = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)
    chosen = asked or Path("reports") / f"{safe}-{stamp}"
    number = 1
    while asked is None and chosen.exists():
        number += 1
        chosen = Path("reports") / f"{safe}-{stamp}-{number}"
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--out {chosen}: {error.strerror}") from None
    if asked is None:
        _point_latest_at(chosen)
    return chosen


def _point_latest_at(chosen: Path) -> None:
    latest = chosen.parent / "latest"
    # A file system without links still gets its reports; only the short name is missing.
    with suppress(OSError):
        draft = chosen.parent / f".latest-{os.getpid()}"
        draft.symlink_to(chosen.name)
        draft.replace(latest)


def emit(results: str) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(results + "\n")
    sys.stdout.flush()
