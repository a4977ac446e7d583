"""The test that tells drift from chance: exact, the same as Fisher's, and blind to what only one side asked."""

from itertools import product
from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.drift.exact import LEVEL, Table, chance

TABLES = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda of: st.tuples(st.integers(0, of[0]), st.just(of[0]), st.integers(0, of[1]), st.just(of[1]))
)


def counted(tables):
    """The same chance by counting every way in which the facts could have fallen on the two sides."""
    seen = [before + now for before, _, now, _ in tables]
    least = [max(0, one - of) for one, (_, of, _, _) in zip(seen, tables, strict=True)]
    most = [min(one, of) for one, (_, _, _, of) in zip(seen, tables, strict=True)]
    ways: dict[int, int] = {}
    for fallen in product(*(range(low, high + 1) for low, high in zip(least, most, strict=True))):
        number = prod(
            comb(of_now, now) * comb(of_before, both - now)
            for now, both, (_, of_before, _, of_now) in zip(fallen, seen, tables, strict=True)
        )
        ways[sum(fallen)] = ways.get(sum(fallen), 0) + number
    now = sum(table[2] for table in tables)
    tails = (sum(ways[one] for one in ways if one <= now), sum(ways[one] for one in ways if one >= now))
    return min(1, 2 * min(tails) / sum(ways.values()))


@given(st.lists(TABLES, min_size=1, max_size=4))
def test_it_is_what_counting_every_way_comes_to(tables):
    assert chance(Table(*one) for one in tables) == pytest.approx(counted(tables))


@given(st.lists(TABLES, min_size=1, max_size=4), st.integers(0, 9))
def test_a_request_that_one_side_alone_asked_says_nothing(tables, number):
    told = [Table(*one) for one in tables]
    beside = [Table(number, 9, 0, 0), Table(0, 0, number, 9)]
    assert chance([*told, *beside]) == pytest.approx(chance(told))


@pytest.mark.parametrize(
    ("table", "tells"),
    [
        (Table(40, 40, 0, 20), True),
        (Table(3, 40, 0, 5), False),
        (Table(0, 40, 20, 20), True),
        (Table(7, 7, 0, 7), True),
        (Table(6, 6, 0, 6), False),
        (Table(1, 1, 0, 1), False),
        (Table(20, 40, 10, 20), False),
    ],
    ids=str,
)
def test_what_is_more_than_chance(table, tells):
    assert (chance([table]) <= LEVEL) is tells


def test_nothing_to_compare_is_no_difference():
    assert chance([]) == 1


def test_it_stays_a_chance_where_numbers_are_large():
    assert 0 < chance([Table(500, 500, 499, 500)] * 3) <= 1
    assert chance([Table(500, 500, 0, 500)] * 3) == pytest.approx(0)
