"""pytest's hooks, all of them but those of pytest-html: options, collection, the run before the first check, verdicts.

Loaded by every pytest in an environment that has this package, so it imports nothing of ours until one of our checks is
collected.
"""

from __future__ import annotations

import sys
from argparse import SUPPRESS
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.report.items import RECORD, SESSION, NonConformanceError, come_to

if TYPE_CHECKING:
    from conformance.runner.session import RunSession
    from conformance.vocabulary import Check

RUNNING: pytest.StashKey[RunSession] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of ``kimi-conformance run``."""
    group = parser.getgroup("kimi-conformance", "conformance of a Kimi API endpoint")
    group.addoption("--target", default="moonshot", metavar="NAME|URL", help="whom to ask (default moonshot)")
    group.addoption(
        "--mode", default="replay", choices=["replay", "reference", "live", "record"], help="default replay"
    )
    group.addoption("--select", default=None, metavar="EXPR", help="which checks, e.g. 'health and not batches'")
    group.addoption("--model", default=None, metavar="ID", help="the model to ask for (default: the target's)")
    group.addoption("--as-of", default=None, metavar="DATE", help="the day to judge by, e.g. 2026-04-23")
    group.addoption("--cassettes", default=None, metavar="DIR", help="the recordings to play or to write")
    group.addoption("--max-cost", default=0.05, type=float, metavar="USD", help="refuse what may cost more (0.05)")
    group.addoption("--since", action="append", default=[], metavar="RUNFILE", help="tell what changed since this run")
    group.addoption("--conformance-runfile", default=None, metavar="FILE", help=SUPPRESS)
    group.addoption("--conformance-alike", default=None, metavar="ID", help=SUPPRESS)
    group.addoption("--out", default=None, metavar="DIR", help="where the run file goes")


class CheckItem(pytest.Item):
    """One check as pytest sees it."""

    def __init__(self, *, check: Check, **rest: Any) -> None:  # noqa: ANN401 - pytest's own arguments
        super().__init__(**rest)
        self.check = check

    def runtest(self) -> None:
        """Judge the check; what is not green raises."""
        come_to(self, self.config.stash[RUNNING].judge(self.check))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """Return what a person needs to know about a check that is not green."""
        if isinstance(excinfo.value, NonConformanceError):
            from conformance.report.text import complaint

            return complaint(self.stash[RECORD])
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the check stands and its sentence."""
        return self.path, None, f"{self.check.clause.sentence} [{self.check.scenario}]"


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> list[pytest.Item] | None:
    """Collect the checks of a rule; anything else is left to pytest."""
    module = sys.modules.get("conformance.checks")
    if module is None or not isinstance(obj, module.Rule):
        return None
    return [
        CheckItem.from_parent(collector, name=f"{name}[{check.scenario}-{check.clause.id}]", check=check)
        for check in obj.checks
    ]


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what ``--select`` names; what is not selected is never asked."""
    if path := config.getoption("conformance_runfile"):
        from conformance.evidence import runfile
        from conformance.report import replayed

        items[:] = replayed.items(session, list(runfile.read(Path(path))))
        return
    mine = [item for item in items if isinstance(item, CheckItem)]
    if not mine:
        return
    from conformance import rows, targets
    from conformance.runner import hosts, selection

    try:
        wanted = selection.select(config.getoption("select"), [item.check for item in mine])
        chosen = set(map(id, hosts.concerning(wanted, targets.load(config.getoption("target")))))
    except rows.ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    gone = [item for item in mine if id(item.check) not in chosen]
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if item not in set(gone)]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Any:  # noqa: ANN401 - pytest's own result
    """Ask everything that the collected checks need, let pytest run them, and write the last record."""
    mine = [item for item in session.items if isinstance(item, CheckItem)]
    if not mine or session.config.option.collectonly:
        return (yield)
    running = _start(session.config)
    running.conduct([item.check for item in mine])
    try:
        return (yield)
    finally:
        running.finish()


def _start(config: pytest.Config) -> RunSession:
    from conformance import rows
    from conformance.runner import progress
    from conformance.runner.session import RunSession
    from conformance.runner.settings import settings

    option = config.getoption
    try:
        asked = settings(
            target=option("target"),
            mode=option("mode"),
            model=option("model"),
            select=option("select"),
            as_of=_day(option("as_of")),
            cassettes=Path(option("cassettes")) if option("cassettes") else None,
            max_cost=option("max_cost"),
            alike=option("conformance_alike"),
            since=[Path(path) for path in option("since")],
        )
    except rows.ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None
    shown = config.pluginmanager.get_plugin(progress.NAME) or progress.Progress(lambda _: None)
    running = RunSession(asked, Path(option("out")) if option("out") else None, shown)
    config.stash[RUNNING] = config.stash[SESSION] = running
    return running


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise pytest.UsageError(f"--as-of {text!r} is no day; write it as 2026-04-23") from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:  # noqa: ANN401, ARG001 - pytest's own types
    """Give the record of a verdict to whatever writes reports."""
    report = yield
    report.conformance = item.stash.get(RECORD, None)
    return report
