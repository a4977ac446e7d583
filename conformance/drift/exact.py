"""Whether two runs differ by more than chance: an exact test over strata, and one level for all that is compared."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

# Of a thousand comparisons of runs that do not differ, one is told at the most.
LEVEL = 0.001


class Table(NamedTuple):
    """How many of the answers to one request had a fact: in the earlier runs, and in this one."""

    before: int
    of_before: int
    now: int
    of_now: int


def chance(tables: Iterable[Table]) -> float:
    """Return how likely so great a difference is where the facts are as frequent as before in every stratum.

    The exact conditional test for stratified 2×2 tables, two-sided as twice the smaller tail; with one stratum it is
    Fisher's. Requests that only one side asked say nothing in it, so that another selection is no drift.
    """
    total, ways = 0, [1.0]
    for table in tables:
        least, weights = _hypergeometric(table)
        total += table.now - least
        ways = _sum(ways, weights)
    tail = min(math.fsum(ways[: total + 1]), math.fsum(ways[total:]))
    return min(1.0, 2 * tail)


def _hypergeometric(table: Table) -> tuple[int, list[float]]:
    """Return the least number that this run can have of the facts seen in both, and how likely each from there is."""
    everything, seen = table.of_before + table.of_now, table.before + table.now
    least, most = max(0, seen - table.of_before), min(seen, table.of_now)
    whole = _log_ways(everything, table.of_now)
    return least, [
        math.exp(_log_ways(seen, number) + _log_ways(everything - seen, table.of_now - number) - whole)
        for number in range(least, most + 1)
    ]


def _log_ways(all_of_them: int, chosen: int) -> float:
    return math.lgamma(all_of_them + 1) - math.lgamma(chosen + 1) - math.lgamma(all_of_them - chosen + 1)


def _sum(left: list[float], right: list[float]) -> list[float]:
    """Return how likely each sum of two independent numbers is."""
    if len(right) == 1:
        return left
    found = [0.0] * (len(left) + len(right) - 1)
    for at, one in enumerate(left):
        for beside, other in enumerate(right):
            found[at + beside] += one * other
    return found
