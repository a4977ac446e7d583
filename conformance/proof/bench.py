"""The bench: runs of all checks against the reference server, honest or lying, and judgements of what it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

from conformance import __version__, catalogue
from conformance.checks import all_checks
from conformance.contract import ledger
from conformance.judge import verdict
from conformance.reference import create_app, gateways
from conformance.reference.serving import running
from conformance.runner.conduct import Conducted, Conductor, needed
from conformance.runner.session import reach
from conformance.runner.settings import Settings, settings
from conformance.vocabulary import Check, Exchange, Mode, Run, Status, Timeouts, Verdict

# Nobody here thinks long: a server of this process that has not answered by then never will.
TIMEOUTS = Timeouts(connect=10, first_byte=2, whole=30)
# A body over the limit is the same lie at any limit.
BODY_LIMIT = 1024 * 1024
# The gateways that are asked, and how: what is compatible with OpenAI's is a server without a gateway in front.
GATEWAYS = {"openrouter": "openrouter", "aimlapi": "aimlapi",
            "openai-compatible": "openai-compatible=https://gateway.invalid/v1"}  # fmt: skip
COMPLAINTS = frozenset({Status.FAIL, Status.WARN, Status.ERROR})


@dataclass(frozen=True)
class Bench:
    """One run of everything, ready to be judged, also with another conversation in the place of one."""

    settings: Settings
    done: Conducted
    run: Run

    def judge(self, checks: Iterable[Check]) -> list[Verdict]:
        """Return the verdicts of checks."""
        return [reach(check, self.done, self.run, self.settings) for check in checks]

    def judge_instead(self, scenario: str, conversation: tuple[Exchange, ...]) -> list[Verdict]:
        """Return the verdicts of a scenario's checks, had its conversation been another one."""
        changed = replace(self.run, conversations=self.run.conversations | {scenario: conversation})
        return [verdict.reach(check, conversation, changed) for check in checks_of(scenario)]


@cache
def checks() -> tuple[Check, ...]:
    """Return every check; made once, since it takes a while."""
    return all_checks()


@cache
def _by_scenario() -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for check in checks():
        found.setdefault(check.scenario, []).append(check)
    return found


def checks_of(scenario: str) -> list[Check]:
    """Return the checks of a scenario."""
    return _by_scenario().get(scenario, [])


def today() -> date:
    """Return the day by which the suite is proven: the last one on which a clause was read, so that it stands still."""
    return max(clause.read for clause in ledger.clauses().values())


def day_of(model: str) -> date:
    """Return the day on which a model is asked: a retired one on its last day, that of a gateway on the last of all."""
    announced = catalogue.models().get(model)
    return min((announced and announced.retired) or today(), today())


def ask(model: str, day: date, faults: Sequence[str] = (), mode: Mode = Mode.REFERENCE) -> Bench:
    """Run everything against a reference server that tells some lies, in this process.

    ``model`` may be the name of a gateway: then that is asked for its own model, and tells the lies. Mode LIVE goes
    over loopback HTTP, for what is seen only where time passes.
    """
    asked = replace(asking(model, day), faults=tuple(faults), mode=mode)
    if mode is not Mode.LIVE:
        return _run(asked)
    profile = model if model in gateways.names() else None
    with running(create_app(fault=faults, profile=profile)) as url:
        return _run(replace(asked, as_of=None, target=replace(asked.target, base_url=url)))


def _run(asked: Settings) -> Bench:
    done = Conductor(asked).run(needed(check.scenario for check in checks()))
    run = Run(__version__, asked.target, asked.mode, asked.model, datetime.now(UTC), asked.as_of, done.conversations)
    return Bench(asked, done, run)


def asking(model: str, day: date | None = None) -> Settings:
    """Return the settings of a run on the bench: the vendor's own target, or a gateway, for whom nobody has to wait."""
    whom, asked = (GATEWAYS[model], None) if model in GATEWAYS else ("moonshot", model)
    plain = settings(target=whom, mode=Mode.REFERENCE.value, model=asked, as_of=day or day_of(model))
    target = replace(
        plain.target, timeouts=TIMEOUTS, body_limit=BODY_LIMIT, concurrency=8, requests_per_minute=None,
        seconds_between_looks=0.0, provenance_url=plain.target.base_url,
    )  # fmt: skip
    return replace(plain, target=target, max_cost=1.0)


@cache
def honest(model: str) -> Bench:
    """Return a run against an honest server, made once for each model."""
    return ask(model, day_of(model))
