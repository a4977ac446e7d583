"""What Moonshot asks of tools and of the schemas in them, asked with a day: the rules of ``mfjs.toml``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from conformance import rows

_PATH = Path(__file__).with_name("mfjs.toml")


class Effect(StrEnum):
    """What becomes of a request that breaks a rule."""

    REFUSED = "refused"
    REWRITTEN = "rewritten"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, in force from the day ``since`` (None: ever since) until a later row of the same id.

    ``limit`` and ``above`` are its numbers, ``pattern`` a regular expression for a whole text, ``names`` what it allows
    or reserves, ``keywords`` what it forbids, ``shapes`` the JSON types of keywords, ``pairs`` lower and upper bounds.
    ``example`` is the JSON text of ``parameters`` that break this rule and no other; empty where there is none.
    """

    id: str
    sentence: str
    effect: Effect
    source: str
    read: date
    since: date | None = None
    limit: int = 0
    above: int = 0
    pattern: str = ""
    names: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    shapes: dict[str, Any] = field(default_factory=dict)
    pairs: tuple[tuple[str, ...], ...] = ()
    example: str = ""


@cache
def rules(day: date) -> dict[str, Rule]:
    """Return the rules in force on a day, by id; raises rows.ConfigurationError on a row that is wrong."""
    return {rule.id: rule for rule in history() if rule.since is None or rule.since <= day}


@cache
def forbidden(day: date) -> dict[str, str]:
    """Return the keywords that a rule in force on a day forbids, each with the id of its rule."""
    return {keyword: rule.id for rule in rules(day).values() for keyword in rule.keywords}


@cache
def history() -> tuple[Rule, ...]:
    """Return every row, also those no longer in force; raises rows.ConfigurationError on a row that is wrong."""
    return checked(rows.tables(_PATH, "rule"))


def checked(tables: Iterable[dict[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules that tables describe; raises rows.ConfigurationError on a row that is wrong."""
    found: list[Rule] = []
    before: dict[str, dict[str, Any]] = {}
    for table in tables:
        name = str(table.get("id"))
        earlier = before.get(name, {})
        rule = rows.read(Rule, {**earlier, **table}, f"{_PATH.name}: {name}")
        _check(rule, f"{_PATH.name}: {name}")
        if earlier and (rule.since is None or rule.since <= earlier.get("since", date.min)):
            raise rows.ConfigurationError(f"{_PATH.name}: {name}: stands twice; a later row needs a later day in since")
        before[name] = {**earlier, **table}
        found.append(rule)
    return tuple(found)


def _check(rule: Rule, where: str) -> None:
    if not rule.source.startswith("https://"):
        raise rows.ConfigurationError(f"{where}: a rule needs a source that is an https link")
    try:
        re.compile(rule.pattern)
        json.loads(rule.example or "{}")
    except (re.error, json.JSONDecodeError) as error:
        raise rows.ConfigurationError(f"{where}: {error}") from None
