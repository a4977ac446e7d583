"""What a run was asked to do, checked before anything else happens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from conformance import catalogue, rows, shipped, targets
from conformance.catalogue import gateways
from conformance.doctor.keys import malformed
from conformance.drift import earlier, runs
from conformance.drift.earlier import Night
from conformance.vocabulary import Mode, Target

OFFLINE_KEY = "sk-kimi-conformance-offline"
DEFAULT_MAX_COST = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked to do; ``faults`` are the lies that the reference server tells in this process.

    ``alike`` is the announced model whose smallest call is made, where ``model`` is the id of another host: so that
    several targets are asked the same. ``since`` are the earlier runs that it is held against, the last one last.
    """

    target: Target
    mode: Mode
    model: str
    key: str = field(repr=False)
    cassettes: Path
    select: str | None = None
    as_of: date | None = None
    max_cost: float = DEFAULT_MAX_COST
    faults: tuple[str, ...] = ()
    alike: str | None = None
    since: tuple[Night, ...] = ()


def settings(
    *,
    target: str = "moonshot",
    mode: str = "replay",
    model: str | None = None,
    select: str | None = None,
    as_of: date | None = None,
    cassettes: Path | None = None,
    max_cost: float = DEFAULT_MAX_COST,
    alike: str | None = None,
    since: Sequence[Path] = (),
) -> Settings:
    """Return the settings of a run; raises rows.ConfigurationError naming what is wrong and what to do."""
    how = Mode(mode)
    whom, chosen = whom_to_ask(target, model, as_of or date.today())
    # Recordings of another model than the target's own lie in a folder of their own.
    folder = cassettes or shipped.folder("cassettes") / (whom.name if chosen == whom.model else f"{whom.name}.{chosen}")
    if how is Mode.REPLAY:
        whom = replace(whom, base_url=whom.canonical_url)
        if not folder.is_dir():
            record = f"--mode record --target {target} --model {chosen} --cassettes DIR"
            hint = "check --cassettes" if cassettes else f"make them with {record}"
            raise rows.ConfigurationError(f"there are no cassettes in {folder}; {hint}")
    if how is Mode.RECORD and cassettes is None:
        raise rows.ConfigurationError("--mode record needs --cassettes DIR, the folder that it writes to")
    if not max_cost >= 0:
        raise rows.ConfigurationError("--max-cost must not be negative")
    before = earlier.read_all(since)
    runs.require_same(whom.name, chosen, before)
    return Settings(whom, how, chosen, _key(whom, how), folder, select, as_of, max_cost, alike=alike, since=before)


def whom_to_ask(target: str, model: str | None, day: date) -> tuple[Target, str]:
    """Return the target and the model to ask for; raises rows.ConfigurationError where they do not fit each other."""
    whom = targets.load(target)
    if not whom.base_url:
        raise rows.ConfigurationError(f"{whom.name} has no host of its own; write {whom.name}=https://HOST/v1")
    chosen = model or whom.model
    _check_host(whom, chosen, day)
    if model and whom.official and gateways.find(model) is None:
        known = ", ".join(catalogue.available(day))
        raise rows.ConfigurationError(f"unknown model {model!r}; to be had are {known}")
    return whom, chosen


def _check_host(target: Target, model: str, day: date) -> None:
    """Raise rows.ConfigurationError where an id belongs to another host than the target's."""
    host = gateways.host_of(target.canonical_url)
    if host is None and target.official:
        # A stand-in, or a proxy that passes on what it is sent.
        host = gateways.hosts()["moonshot"]
    known = gateways.find(model)
    if host and known and (wrong := gateways.wrong_host(model, host)):
        use = gateways.id_to_use(known.model, host, day)
        hint = f"use {use} there" if use else f"no id of it is known at {host.name}"
        raise rows.ConfigurationError(f"--target {target.name}: {wrong}; {hint}")


def _key(target: Target, mode: Mode) -> str:
    if mode in (Mode.REPLAY, Mode.REFERENCE):
        return OFFLINE_KEY
    held = os.environ.get(target.key_variable, "")
    if wrong := malformed(target.key_variable, held):
        raise rows.ConfigurationError(
            f"no key for {target.name}: {wrong.sentence} {wrong.advice} Or use --mode replay."
        )
    return held.strip()
