"""Runs our checks, or a run file, through pytest: isolated from whatever pytest configuration lies around."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conformance.evidence import runfile
from conformance.evidence.runfile import Record
from conformance.judge import shapes
from conformance.rows import ConfigurationError
from conformance.runner import nightly, progress, selection
from conformance.runner.session import counts, exit_status
from conformance.runner.settings import Settings
from conformance.vocabulary import CouldNotCheck

_HERE = Path(__file__).resolve().parent.parent
# Plugins by name, and no others: each installed one costs start-up time and may change what is reported.
PLUGINS = ("conformance.plugin", "pytest_metadata.plugin", "pytest_html.plugin", "conformance.report.html")


def check_selection(expression: str | None) -> None:
    """Raise ConfigurationError on a ``--select`` that cannot be read or selects nothing, before anything is made."""
    if expression is not None:
        from conformance.checks import all_checks

        selection.select(expression, all_checks())


def run(settings: Settings, target: str, out: Path, since: Sequence[Path] = ()) -> list[Record]:
    """Run the checks and write the run file and the reports to ``out``; return the records."""
    arguments = ["--pyargs", "conformance.checks", "--target", target, "--mode", settings.mode.value]
    for option, value in (
        ("--select", settings.select),
        ("--model", settings.model),
        ("--as-of", settings.as_of),
        ("--cassettes", settings.cassettes),
        ("--max-cost", settings.max_cost),
        ("--conformance-alike", settings.alike),
    ):
        if value is not None:
            arguments += [option, str(value)]
    arguments += [part for path in since for part in ("--since", str(path))]
    with progress.showing(settings.mode) as shown:
        _pytest(out, arguments, shown)
    return list(runfile.read(out / "run.ndjson"))


def again(path: Path) -> list[Record]:
    """Make the reports of a run file again, beside it; return its records."""
    records = list(runfile.read(path))
    if not records or records[0]["kind"] != "run":
        raise ConfigurationError(f"{path} is no run file: its first line is not the record of a run")
    for number, record in enumerate(records, 1):
        if not _is_record(record):
            raise ConfigurationError(f"{path}, line {number}: not a record of a run as runfile.line.json describes it")
    _require_truth(path, records)
    _pytest(path.parent, ["--conformance-runfile", str(path), str(_HERE / "report" / "replayed.py")], None)
    return records


def _require_truth(path: Path, records: list[Record]) -> None:
    """Raise ConfigurationError where the last record tells another outcome than the verdicts before it."""
    end, verdicts = records[-1], [record for record in records if record["kind"] == "verdict"]
    if end["kind"] != "end":
        return
    told = exit_status(verdicts, stale=bool(end["stale"]), drifted=nightly.drifted(records))
    if end["counts"] != counts(verdicts) or end["exit"] != told:
        raise ConfigurationError(f"{path}: its last line tells another outcome than its verdicts; it was changed")


def _is_record(record: Record) -> bool:
    try:
        return shapes.valid("runfile.line", record)
    except CouldNotCheck:
        return False


def _pytest(out: Path, arguments: list[str], shown: progress.Progress | None) -> None:
    loaded = [part for name in PLUGINS for part in ("-p", name)]
    fixed = [
        "--disable-plugin-autoload", *loaded, "-p", "no:cacheprovider", "-p", "no:terminal", "-s", "--noconftest",
        "-c", str(_HERE / "checks" / "pytest.ini"), "--rootdir", str(_HERE.parent),
        f"--html={out / 'report.html'}", "--self-contained-html", f"--css={_HERE / 'report' / 'page.css'}",
        f"--junitxml={out / 'junit.xml'}", "--out", str(out),
    ]  # fmt: skip
    said = io.StringIO()
    with _clean_environment(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*fixed, *arguments], plugins=[Named(shown)] if shown else [])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SuiteFailedError(f"pytest ended with {code!s}:\n{said.getvalue()}")


class Named:
    """Registers the progress of a run under its name, where the plugin finds it."""

    def __init__(self, shown: progress.Progress) -> None:
        self._shown = shown

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register it."""
        config.pluginmanager.register(self._shown, progress.NAME)


class SuiteFailedError(Exception):
    """The suite itself failed; the message holds what pytest said."""


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Keep the caller's pytest settings out, and give them back."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
        sys.stdout.flush()
