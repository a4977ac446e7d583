"""``--select``: a boolean expression over words that clauses and scenarios answer to.

``models``, ``chat.usage``, ``health and not batches``, ``(MUST or SHOULD) and refusals``. A word is a clause id, a
scenario, the beginning of one of them up to a dot, a tag, a level or a kind.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from conformance import rows
from conformance.vocabulary import Check

Matcher = Callable[[frozenset[str]], bool]
_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")


def words_of(check: Check) -> frozenset[str]:
    """Return every word that a check answers to."""
    clause = check.clause
    words = {clause.level.value, clause.kind.value, *clause.tags}
    for dotted in (clause.id, check.scenario):
        parts = dotted.split(".")
        words.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return frozenset(words)


def select(expression: str | None, checks: Iterable[Check]) -> list[Check]:
    """Return the checks that an expression selects, all without one.

    Raises rows.ConfigurationError on an expression that cannot be read, a word that nothing answers to, or an empty
    selection: nothing selected is never success.
    """
    every = list(checks)
    if expression is None:
        return every
    words = {check: words_of(check) for check in every}
    try:
        matches = _Reader(expression, frozenset().union(*words.values())).read()
    except RecursionError:
        raise rows.ConfigurationError("--select is nested too deep") from None
    chosen = [check for check in every if matches(words[check])]
    if not chosen:
        raise rows.ConfigurationError(
            f"--select {expression!r} selects nothing; `kimi-conformance clauses` lists the words"
        )
    return chosen


class _Reader:
    """Reads ``a and not (b or c)`` by recursive descent."""

    def __init__(self, expression: str, known: frozenset[str]) -> None:
        self._expression = expression
        self._known = known
        self._tokens = _TOKEN.findall(expression)

    def read(self) -> Matcher:
        matcher = self._any()
        if self._tokens:
            raise self._error(f"{self._tokens[0]!r} stands where the expression should end")
        return matcher

    def _any(self) -> Matcher:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return lambda words: any(part(words) for part in parts)

    def _all(self) -> Matcher:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda words: all(part(words) for part in parts)

    def _one(self) -> Matcher:
        if self._take("not"):
            inner = self._one()
            return lambda words: not inner(words)
        if self._take("("):
            inner = self._any()
            if not self._take(")"):
                raise self._error("a parenthesis is not closed")
            return inner
        if not self._tokens or self._tokens[0] in (")", "and", "or"):
            raise self._error("a word is missing")
        word = self._tokens.pop(0)
        if word not in self._known:
            near = difflib.get_close_matches(word, self._known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "`kimi-conformance clauses` lists the words"
            raise self._error(f"nothing answers to {word!r}; {hint}")
        return lambda words: word in words

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            del self._tokens[0]
            return True
        return False

    def _error(self, what: str) -> rows.ConfigurationError:
        return rows.ConfigurationError(f"--select {self._expression!r}: {what}")
