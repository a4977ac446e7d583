"""The answers of one run against those of others: what changed is told, how much it weighs, and chance is no change."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.drift import shape
from conformance.drift.between import Kind, comparable, differing
from conformance.drift.shape import Shape
from conformance.vocabulary import Exchange, Request, Response


def answers(*bodies, scenario="one", statuses=(), endpoint="chat.completions", lines=False):
    """The shape of some answers to one request, or of as many statuses."""
    together = Shape()
    for number, body in enumerate(bodies):
        status = statuses[number] if statuses else 200
        text = "\n".join(map(json.dumps, body)) if lines else json.dumps(body)
        response = Response(status, (), text.encode())
        said = Exchange(scenario, "1", endpoint, Request("POST", "x"), response, None, refused=status != 200)
        together = together.merged(shape.of(said))
    return together


def told(before, now):
    """The kind, place and weight of each difference."""
    return [(one.kind, "/".join(one.place), one.severity.value) for one in differing(before, now)]


def seen(number, of, member="a", value=1):
    """So many answers of all with a member."""
    return [{"id": "x", member: value}] * number + [{"id": "x"}] * (of - number)


class TestMembers:
    def test_one_that_was_always_there_and_never_is_now_is_gone(self):
        assert told(answers(*seen(40, 40)), answers(*seen(0, 20))) == [(Kind.GONE, "200/a", "breaking")]

    def test_one_that_was_there_at_times_and_is_not_in_a_few_is_not(self):
        assert told(answers(*seen(3, 40)), answers(*seen(0, 5))) == []

    def test_one_that_was_there_at_times_and_never_is_in_many_is_gone(self):
        assert told(answers(*seen(20, 40)), answers(*seen(0, 40))) == [(Kind.GONE, "200/a", "breaking")]

    def test_one_that_was_never_there_and_always_is_now_is_new(self):
        assert told(answers(*seen(0, 40)), answers(*seen(20, 20))) == [(Kind.NEW, "200/a", "harmless")]

    def test_one_that_was_always_there_and_is_only_at_times_breaks_who_relies_on_it(self):
        assert told(answers(*seen(40, 40)), answers(*seen(20, 40))) == [(Kind.RATE, "200/a", "breaking")]

    def test_one_that_is_rarer_than_it_was_breaks_nobody(self):
        assert told(answers(*seen(38, 40)), answers(*seen(10, 40))) == [(Kind.RATE, "200/a", "harmless")]

    def test_one_that_is_in_all_of_few_and_was_in_none_of_few_is_told_as_unsure(self):
        assert told(answers(*seen(2, 2)), answers(*seen(0, 2))) == [(Kind.UNSURE, "200/a", "risky")]
        assert told(answers(*seen(0, 2)), answers(*seen(2, 2))) == [(Kind.UNSURE, "200/a", "harmless")]

    def test_more_earlier_answers_make_it_sure(self):
        assert told(answers(*seen(90, 90)), answers(*seen(0, 2))) == [(Kind.GONE, "200/a", "breaking")]

    def test_of_an_object_that_is_gone_its_members_are_not_told(self):
        before = answers(*seen(20, 20, value={"b": {"c": 1}}))
        assert told(before, answers(*seen(0, 20))) == [(Kind.GONE, "200/a", "breaking")]

    def test_how_often_is_told_by_both_numbers(self):
        (one,) = differing(answers(*seen(40, 40)), answers(*seen(0, 20)))
        assert one.detail == "seen in 40 of 40, now in 0 of 20 answers (by chance 5e-16)"

    def test_each_entry_of_a_list_counts(self):
        before = answers({"data": seen(12, 12)}, endpoint="models.list")
        now = answers({"data": seen(0, 12)}, endpoint="models.list")
        assert told(before, now) == [(Kind.GONE, "200/data/*/a", "breaking")]

    @pytest.mark.parametrize(("endpoint", "kind"), [("models.list", "data"), ("batches.output", "lines")])
    def test_that_there_are_more_of_them_is_no_change(self, endpoint, kind):
        def listed(number):
            lines = [{"id": "x"}] * number
            return answers({"data": lines} if kind == "data" else lines, endpoint=endpoint, lines=kind == "lines")

        assert told(listed(2), listed(30)) == []
        assert told(listed(1), listed(30)) == []

    def test_chunks_of_one_stream_are_one_answer(self):
        def streamed(member):
            chunks = f'data: {{"{member}": 1}}\n\n'.encode() * 50
            said = Exchange("one", "1", "chat.stream", Request("POST", "x"), Response(200, (), chunks), None)
            return shape.of(said)

        assert {kind for kind, *_ in told(streamed("a"), streamed("b"))} == {Kind.UNSURE}


class TestRequests:
    def test_what_only_one_side_asked_is_no_change(self):
        common = answers(*seen(5, 20))
        before = common.merged(answers(*seen(20, 20), scenario="another"))
        now = common.merged(answers(*seen(0, 20, member="b"), scenario="a third"))
        assert told(before, now) == []
        assert comparable(before, now)
        assert not comparable(before, answers({}, scenario="a third"))

    def test_other_numbers_of_answers_to_each_are_no_change(self):
        with_it, without = answers(*seen(9, 9), scenario="tools"), answers(*seen(0, 9))
        many, few = (answers(*seen(count, count), scenario="tools") for count in (60, 1))
        assert told(many.merged(without), few.merged(without).merged(without).merged(without)) == []
        assert told(with_it.merged(without), with_it.merged(without)) == []

    @given(st.lists(st.sampled_from([{}, {"a": 1}, {"a": None}, {"b": "x y"}]), max_size=20), st.randoms())
    def test_a_run_does_not_differ_from_itself_in_another_order(self, bodies, chance):
        other = list(bodies)
        chance.shuffle(other)
        assert told(answers(*bodies), answers(*other)) == []


class TestTypes:
    @pytest.mark.parametrize(
        ("before", "now", "weight"),
        [(1, "1", "breaking"), (1, None, "breaking"), (1, 1.5, "breaking"), ("x y", {"b": 1}, "breaking")],
    )
    def test_another_type_breaks_who_reads_it(self, before, now, weight):
        assert told(answers(*[{"a": before}] * 20), answers(*[{"a": now}] * 20)) == [(Kind.TYPE, "200/a", weight)]

    def test_a_type_less_breaks_nobody(self):
        before = answers(*[{"a": 1}] * 20, *[{"a": None}] * 20)
        assert told(before, answers(*[{"a": 1}] * 40)) == [(Kind.TYPE, "200/a", "harmless")]

    def test_null_at_times_as_before_is_no_change(self):
        bodies = [{"a": 1}, {"a": None}]
        assert told(answers(*bodies * 10), answers(*bodies * 3, {"a": None})) == []

    def test_a_balance_that_happens_to_be_whole_is_no_change(self):
        assert told(answers({"a": 49.58}), answers({"a": 50})) == []

    def test_of_few_answers_all_of_another_type_one_line_is_told(self):
        assert told(answers({"a": 1}), answers({"a": "x y"})) == [(Kind.UNSURE, "200/a", "risky")]


class TestValues:
    def test_a_new_word_in_an_enum_is_risky(self):
        before, now = answers(*[{"a": "stop"}] * 20), answers(*[{"a": "stop"}] * 5, *[{"a": "eos"}] * 15)
        assert told(before, now) == [(Kind.VALUES, "200/a", "risky")]

    def test_a_word_that_is_gone_harms_nobody(self):
        before, now = answers(*[{"a": "stop"}] * 20, *[{"a": "eos"}] * 20), answers(*[{"a": "stop"}] * 40)
        assert told(before, now) == [(Kind.VALUES, "200/a", "harmless")]

    def test_a_place_where_one_text_is_free_is_no_enum(self):
        before = answers(*[{"a": "pong"}] * 20, {"a": "Free text."})
        assert told(before, answers(*[{"a": "ping"}] * 20)) == []

    def test_a_place_with_many_words_is_none(self):
        words = [f"{first}{second}" for first in "abc" for second in "defg"]
        before = answers(*[{"a": word} for word in words * 5])
        assert told(before, answers(*[{"a": words[0]}] * 60)) == []

    def test_a_place_with_nearly_as_many_words_as_answers_is_none(self):
        before, now = answers(*[{"a": word} for word in "bcdef"]), answers(*[{"a": "x"}] * 4)
        assert told(before, now) == []

    def test_the_order_of_items_is_no_change(self):
        before, now = answers(*[{"a": ["low", "high"]}] * 20), answers(*[{"a": ["high", "low"]}] * 20)
        assert told(before, now) == []


ERROR = {"error": {"message": "No such thing.", "type": "invalid"}}


class TestStatuses:
    def test_a_refusal_with_another_status_is_told_once_for_each(self):
        before = answers(*[ERROR] * 20, statuses=[400] * 20)
        now = answers(*[ERROR] * 20, statuses=[422] * 20)
        assert told(before, now) == [(Kind.GONE, "400", "risky"), (Kind.NEW, "422", "harmless")]

    def test_a_refusal_that_says_less_breaks_who_reads_it(self):
        before = answers(*[ERROR] * 20, statuses=[400] * 20)
        now = answers(*[{"error": {"message": "No such thing."}}] * 20, statuses=[400] * 20)
        assert told(before, now) == [(Kind.GONE, "400/error/type", "breaking")]


class TestMaps:
    def test_another_id_as_a_key_is_no_change(self):
        before = answers(*[{"a": {f"file-{number}": {"b": 1}}} for number in range(20)])
        assert told(before, answers(*[{"a": {f"file-{number}": {"b": 1}}} for number in range(30, 50)])) == []

    def test_what_changed_in_each_of_them_is_one_change(self):
        before = answers(*[{"a": {f"file-{number}": {"b": 1}}} for number in range(20)])
        now = answers(*[{"a": {f"file-{number}": {"b": "x y"}}} for number in range(20)])
        assert told(before, now) == [(Kind.TYPE, "200/a/*/b", "breaking")]

    def test_other_names_of_users_as_keys_are_no_change(self):
        before = answers(*[{"a": {f"user-{letter}": 1}} for letter in "abcdefghij"])
        assert told(before, answers(*[{"a": {f"user-{letter}": 1}} for letter in "klmnopqrst"])) == []
