"""The rate of a clause that is kept only mostly: its interval, and when it is clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import ledger
from conformance.judge.samples import Rate

RATES = st.integers(0, 500).flatmap(lambda asked: st.builds(Rate, st.integers(0, asked), st.just(asked)))
ROUNDING = 1e-12


# Worked by hand from the formula of Wilson's score interval with the quantile 1.959964.
@pytest.mark.parametrize(
    ("held", "asked", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (4, 4, 0.5101, 1.0),
    ],
)
def test_the_interval_is_that_of_wilson(held, asked, low, high):
    assert Rate(held, asked).interval() == pytest.approx((low, high), abs=5e-5)


@given(RATES)
def test_the_share_that_was_seen_lies_within_the_interval(rate):
    low, high = rate.interval()
    share = rate.held / rate.asked if rate.asked else 0.5
    assert 0 <= low <= share + ROUNDING
    assert share - ROUNDING <= high <= 1


@given(RATES)
def test_the_interval_of_those_that_held_mirrors_that_of_those_that_did_not(rate):
    low, high = rate.interval()
    assert Rate(rate.asked - rate.held, rate.asked).interval() == pytest.approx((1 - high, 1 - low))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 20))
def test_more_samples_of_the_same_share_narrow_the_interval(held, broken, times):
    narrow, wide = Rate(held * times, (held + broken) * times).interval(), Rate(held, held + broken).interval()
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


@given(RATES, st.floats(0, 1))
def test_a_rate_is_clear_only_where_the_whole_interval_lies_on_one_side(rate, at_least):
    low, high = rate.interval()
    clear = rate.clear(at_least)
    assert clear is not True or low >= at_least
    assert clear is not False or high < at_least
    assert clear is not None or low < at_least <= high or not rate.asked


@given(st.floats(0, 1))
def test_without_a_sample_nothing_is_clear(at_least):
    assert Rate(0, 0).clear(at_least) is None


@given(RATES, st.booleans())
def test_a_further_sample_counts_once(rate, held):
    more = rate.with_sample(held=held)
    assert (more.asked, more.held) == (rate.asked + 1, rate.held + held)


@pytest.mark.parametrize(
    ("rate", "clear"),
    [
        (Rate(3, 3), None),
        (Rate(4, 4), True),
        (Rate(4, 5), None),
        (Rate(1, 5), None),
        (Rate(0, 3), None),
        (Rate(0, 4), False),
    ],
)
def test_four_samples_that_agree_tell_a_half(rate, clear):
    assert rate.clear(0.5) is clear


def test_a_rate_says_in_words_how_much_is_known():
    assert Rate(4, 5).sentence() == "held in 4 of 5 samples; the share is 0.38 to 0.96 (95 %)"


@pytest.mark.parametrize("clause", [clause for clause in ledger.clauses().values() if clause.samples])
def test_the_samples_of_every_clause_can_tell_that_it_is_kept_and_that_it_is_not(clause):
    assert 0 < clause.at_least < 1
    assert Rate(clause.samples, clause.samples).clear(clause.at_least) is True
    assert Rate(0, clause.samples).clear(clause.at_least) is False
