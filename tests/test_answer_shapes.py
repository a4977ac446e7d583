"""The shape of answers: it accepts what it was made of, in any order; a free text or an id is never a name in it."""

import json
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.drift import shape
from conformance.drift.maps import folded
from conformance.drift.shape import FREE, Fact, Shape
from conformance.vocabulary import CouldNotCheck, Exchange, Request, Response

NAMES = st.sampled_from(["id", "object", "usage", "choices", "6f1c-77", "kimi-k2.6"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["stop", "Hello, world", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def exchange(body, *, endpoint="chat.completions", status=200, scenario="one", refused=False):
    """An answer of an endpoint."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(
        scenario, "1", endpoint, Request("POST", "x"), Response(status, (), raw), made_at=None, refused=refused
    )


def of(body, **options):
    return shape.of(exchange(body, **options))


def sample(body):
    """The facts of an answer."""
    ((_, found),) = of(body).seen
    return found


def merged(values):
    return reduce(Shape.merged, map(of, values), Shape())


def values_at(body, *place):
    return {fact.value for fact in sample(body) if fact.place == ("200", *place) and fact.aspect == "value"}


class TestWhatAShapeIs:
    @given(VALUES)
    def test_it_accepts_the_answer_that_it_was_made_of(self, value):
        assert of(value).accepts(sample(value))

    @given(st.lists(VALUES, max_size=5))
    def test_it_accepts_each_of_the_answers_that_it_was_made_of(self, values):
        together = merged(values)
        assert all(together.accepts(sample(value)) for value in values)

    @given(st.lists(VALUES, max_size=5), st.randoms())
    def test_the_order_of_answers_does_not_matter(self, values, chance):
        other = list(values)
        chance.shuffle(other)
        assert merged(values) == merged(other)

    @given(VALUES, VALUES, VALUES)
    def test_merging_is_associative(self, left, middle, right):
        one, two, three = map(of, (left, middle, right))
        assert one.merged(two).merged(three) == one.merged(two.merged(three))

    @given(VALUES)
    def test_nothing_is_added_by_the_shape_of_no_answer(self, value):
        assert Shape().merged(of(value)) == of(value) == of(value).merged(Shape())

    @given(VALUES)
    def test_it_does_not_accept_a_member_that_it_never_saw(self, value):
        assert not of({"id": value}).accepts(sample({"id": value, "novelty": value}))

    @given(st.lists(VALUES, min_size=1, max_size=5))
    def test_folding_what_is_no_map_changes_nothing(self, values):
        together = merged(values)
        assert folded(together, together) == [together, together]


class TestWhatIsSeenOfAnAnswer:
    def test_the_items_of_an_array_are_one_place(self):
        assert sample({"a": [{"b": 1}, {"b": 2}]}) == sample({"a": [{"b": 3}]})

    def test_null_is_a_type_and_absence_is_none(self):
        assert Fact(("200", "a"), "type", "null") in sample({"a": None})
        assert not [fact for fact in sample({}) if fact.place == ("200", "a")]

    @pytest.mark.parametrize(("value", "types"), [(1, {"integer"}), (1.0, {"integer"}), (1.5, {"integer", "number"})])
    def test_a_number_without_a_fraction_is_an_integer(self, value, types):
        assert {fact.value for fact in sample({"a": value}) if fact.aspect == "type" and "a" in fact.place} == types

    @pytest.mark.parametrize("word", ["stop", "tool_calls", "chat.completion", "client-closed"])
    def test_a_word_may_be_one_of_an_enum(self, word):
        assert values_at({"a": word}, "a") == {word}

    @pytest.mark.parametrize("text", ["", "Two words", "kimi-k2.6", "fpv0_1a2b", "你好", "x" * 41, "2026-04-23"])
    def test_any_other_text_is_free(self, text):
        assert values_at({"a": text}, "a") == {FREE}

    @pytest.mark.parametrize("key", ["file-6f1c77", "0", "kimi-k2.6", "a b", "chatcmpl-123", "", "é", "x" * 61])
    def test_an_id_that_stands_as_a_key_is_no_member(self, key):
        assert sample({"a": {key: 1}}) == sample({"a": {"1": 1}})

    def test_each_entry_of_a_list_is_a_sample_of_its_own(self):
        assert sum(of({"data": [{"id": "a"}, {"id": "b"}]}, endpoint="models.list").seen.values()) == 3

    def test_each_line_is_a_sample_of_its_own(self):
        assert sum(of(b'{"a": 1}\n{"a": 2}\n', endpoint="batches.output").seen.values()) == 3

    def test_a_stream_is_one_sample_of_all_its_chunks(self):
        chunks = b'data: {"a": 1}\n\ndata: {"b": 2}\n\ndata: [DONE]\n\n'
        ((_, found),) = of(chunks, endpoint="chat.stream").seen
        assert {fact.place for fact in found if fact.aspect == "there"} >= {("200", "a"), ("200", "b")}

    def test_a_body_that_is_no_json_has_no_places(self):
        ((_, found),) = of(b"\xff", endpoint="files.content").seen
        assert {fact.place for fact in found} == {(), ("200",)}

    def test_a_refusal_that_was_provoked_has_a_shape_under_its_status(self):
        ((_, found),) = of({"error": {"type": "x"}}, status=400, refused=True).seen
        assert Fact(("400", "error", "type"), "there") in found


class TestWhatHasNone:
    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
    def test_a_request_that_was_to_succeed_and_did_not(self, status):
        with pytest.raises(CouldNotCheck):
            of({"error": {}}, status=status)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_refusal_for_another_reason(self, status):
        with pytest.raises(CouldNotCheck):
            of({"error": {}}, status=status, refused=True)

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b'{"a": NaN}'])
    def test_what_is_no_json(self, body):
        with pytest.raises(CouldNotCheck):
            of(body)

    def test_an_answer_with_members_without_end(self):
        with pytest.raises(CouldNotCheck):
            of({f"{first}{second}{third}": 1 for first in LETTERS for second in LETTERS for third in LETTERS})

    def test_a_list_whose_entries_have_other_members_each_without_end(self):
        entries = [{f"{first}{second}{third}": 1 for third in LETTERS} for first in LETTERS for second in LETTERS]
        with pytest.raises(CouldNotCheck):
            of({"data": entries}, endpoint="models.list")


LETTERS = "abcdefghijklmnop"


class TestMaps:
    def many(self, *answers):
        return merged([{"users": keys} for keys in answers])

    def places(self, found):
        return {fact.place for _, known in found.seen for fact in known if fact.aspect == "there"}

    def test_an_object_whose_keys_are_others_each_time_is_one_place(self):
        names = [f"user-{letter}" for letter in LETTERS]
        (found,) = folded(self.many(*({name: {"a": 1}} for name in names)))
        assert self.places(found) == {(), ("200",), *(("200", "users", *rest) for rest in ((), ("*",), ("*", "a")))}

    def test_an_object_with_a_member_that_stands_in_most_is_none(self):
        together = self.many(*({f"user-{letter}": 1, "total": 2} for letter in LETTERS))
        assert folded(together) == [together]

    def test_an_object_whose_members_are_of_several_types_is_none(self):
        together = self.many(*({f"user-{letter}": 1, f"name-{letter}": "x"} for letter in LETTERS))
        assert folded(together) == [together]

    def test_an_object_with_few_members_is_none(self):
        together = self.many(*({letter: 1} for letter in "abcdefghij"))
        assert folded(together) == [together]
