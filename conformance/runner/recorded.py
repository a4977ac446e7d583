"""``judge``: recorded evidence of any origin, file by file, with memory that does not grow with a file's length."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from conformance import __version__
from conformance.contract import ledger
from conformance.evidence.recorded import files, read
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, RunFile, verdict_record
from conformance.rows import ConfigurationError
from conformance.runner.file_judge import FileJudge
from conformance.runner.session import counts, exit_status
from conformance.runner.tally import Evidence, printable
from conformance.vocabulary import (
    Mode,
    Run,
    Target,
)

PROVENANCE = "Judged from files that were given; who answered is as the files say, and was not checked."


def require(paths: list[Path], endpoint: str | None) -> None:
    """Raise ConfigurationError for a path that is not there or an endpoint that does not exist."""
    if endpoint is not None and endpoint not in ledger.endpoints():
        raise ConfigurationError(f"unknown endpoint {endpoint!r}; known are {', '.join(ledger.endpoints())}")
    if not any(True for _ in files(paths)):
        raise ConfigurationError(f"there is no file in {', '.join(map(str, paths))}")


def judge(paths: list[Path], target: Target, endpoint: str | None, as_of: date | None, out: Path) -> None:
    """Judge files and folders, and write the run file to ``out``."""
    started = datetime.now(UTC)
    run = Run(__version__, target, Mode.REPLAY, target.model, started, as_of)
    runfile = RunFile(out / "run.ndjson", Redactor(target.key_variable, ""))
    runfile.write("run", _header(run, endpoint))
    evidence = Evidence(runfile)
    for path in files(paths):
        judging = FileJudge(run, evidence)
        for exchange in read(path, endpoint):
            judging.add(exchange)
        for reached in judging.verdicts(printable(str(path))):
            runfile.write("verdict", verdict_record(reached))
    _end(runfile)


def _end(runfile: RunFile) -> None:
    verdicts: list[Record] = [record for record in runfile.records if record["kind"] == "verdict"]
    spend = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0, "usd": 0.0}
    runfile.write("end", {"counts": counts(verdicts), "spend": spend, "stale": [], "exit": int(exit_status(verdicts))})
    runfile.close()


def _header(run: Run, endpoint: str | None) -> Record:
    return {
        "suite": run.suite,
        "target": run.target.name,
        "base_url": run.target.canonical_url,
        "key_variable": run.target.key_variable,
        "mode": "judge",
        "provenance": "given",
        "provenance_sentence": PROVENANCE,
        "as_of": (run.as_of or run.started.date()).isoformat(),
        "model": run.target.model,
        "select": endpoint,
        "started": run.started.isoformat(timespec="seconds"),
    }
