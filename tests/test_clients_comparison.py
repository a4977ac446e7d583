"""What becomes of a value between the wire and whoever uses an SDK, member by member."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from conformance import targets
from conformance.clients import promises
from conformance.clients.comparison import Kind, compare
from conformance.clients.expressible import expressible, names, sayables
from conformance.clients.table import Table, missed
from conformance.vocabulary import Status

ASSISTANT = "openai.types.chat.ChatCompletionAssistantMessageParam"


class Usage(BaseModel):
    """Counts."""

    model_config = ConfigDict(extra="allow")
    total: int
    cached: int | None = None


class Answer(BaseModel):
    """An answer as an SDK declares it."""

    model_config = ConfigDict(extra="allow")
    role: Literal["assistant"]
    content: str | None = None
    usage: Usage | None = None
    parts: list[Usage] | None = None


def shown(wire: dict, **changed: object) -> Answer:
    """Return an answer as the SDK makes one, without a look at the types."""
    return Answer.model_construct(**{**wire, **changed})


def became(wire: object, view: object) -> dict[str, Kind]:
    return {each.where: each.kind for each in compare(wire, view) if each.kind is not Kind.SAME}


def test_a_member_that_is_shown_as_it_was_is_the_same():
    wire = {"role": "assistant", "content": "hello", "usage": None, "parts": None}
    assert became(wire, shown(wire)) == {}


def test_a_member_that_no_type_has_is_hidden():
    wire = {"role": "assistant", "content": "a", "usage": None, "parts": None, "reasoning_content": "b"}
    (hidden,) = [each for each in compare(wire, shown(wire)) if each.kind is Kind.HIDDEN]
    assert (hidden.where, hidden.wire, hidden.sdk) == ("/reasoning_content", '"b"', "only in model_extra")


def test_a_member_that_is_nowhere_is_told_so():
    wire = {"role": "assistant", "content": "a", "usage": None, "parts": None}
    (hidden,) = [each for each in compare({**wire, "more": 1}, shown(wire)) if each.kind is Kind.HIDDEN]
    assert hidden.sdk == "nowhere"


def test_a_member_that_the_wire_does_not_have_is_filled_in():
    wire = {"role": "assistant", "usage": None, "parts": None}
    assert became(wire, shown(wire)) == {"/content": Kind.FILLED_IN}


def test_null_on_the_wire_is_not_filled_in():
    wire = {"role": "assistant", "content": None, "usage": None, "parts": None}
    assert became(wire, shown(wire)) == {}


def test_a_value_that_is_not_what_its_type_says_is_mistyped():
    wire = {"role": "model", "content": {}, "usage": None, "parts": None}
    assert became(wire, shown(wire)) == {"/role": Kind.MISTYPED, "/content": Kind.MISTYPED}


@pytest.mark.parametrize(("told", "made"), [("12", 12), (12.0, 12), (True, 1), ({"a": 1}, '{"a": 1}')])
def test_a_value_of_another_json_type_is_converted(told, made):
    assert became({"n": told}, {"n": made}) == {"/n": Kind.CONVERTED}


def test_what_is_in_an_object_is_compared_too():
    wire = {"role": "assistant", "content": "", "parts": None, "usage": {"total": 3, "more": 1}}
    view = shown(wire, usage=Usage.model_construct(total=3, more=1))
    assert became(wire, view) == {"/usage/cached": Kind.FILLED_IN, "/usage/more": Kind.HIDDEN}


def test_every_item_of_a_list_has_one_place():
    wire = {"role": "assistant", "content": "", "usage": None, "parts": [{"total": 1}, {"total": 2}]}
    view = shown(wire, parts=[Usage.model_construct(**part) for part in wire["parts"]])
    assert became(wire, view) == {"/parts/*/cached": Kind.FILLED_IN}


def test_a_list_that_lost_an_item_is_converted():
    assert became({"a": [1, 2]}, {"a": [1]}) == {"/a": Kind.CONVERTED}


def test_a_name_is_escaped_as_json_pointers_are():
    assert became({"a/b~c": 1}, {}) == {"/a~1b~0c": Kind.HIDDEN}


def test_the_contract_is_asked_at_the_place_of_a_member():
    place = "/choices/*/message/reasoning_content"
    assert promises.declared("chat.completion", place) == "chat.message.reasoning-type"
    assert promises.required("chat.completion", place) is None
    assert promises.required("chat.completion", "/usage/total_tokens") == "chat.usage.total-tokens"
    assert promises.declared("models.list", "/data/*/nothing_of_ours") is None


def test_what_only_traffic_shows_is_no_promise():
    moonshot = targets.load("moonshot")
    assert promises.promised("chat.message.reasoning-type", moonshot)
    assert promises.promised("chat.tool-call.index-told", moonshot) is None


def test_what_a_target_does_not_promise_is_none_of_it():
    openrouter = targets.load("openrouter")
    rows = (row for row in openrouter.unpromised if not row.besides)
    assert {promises.promised(clause, openrouter) for row in rows for clause in row.clauses} == {None}


def test_a_member_that_a_type_of_the_sdk_names_is_expressible():
    assert names(ASSISTANT, {"role": "assistant", "content": "one"})


def test_a_member_that_no_type_of_the_sdk_names_is_not():
    assert not names(ASSISTANT, {"role": "assistant", "content": "one", "partial": True})


def test_a_value_that_no_type_of_the_sdk_names_is_not():
    assert names("openai.types.FilePurpose", "batch")
    assert not names("openai.types.FilePurpose", "file-extract")


def test_what_cannot_be_said_is_known():
    told = {row.what for row in expressible(targets.load("moonshot")) if row.kind is Kind.NOT_EXPRESSIBLE}
    assert told == {
        "request thinking: whether the model thinks",
        "request partial: an answer that is begun",
        "request reasoning_content on the way back",
        "request tools that a message brings along (kimi-k3)",
        "request a tool of the type builtin_function",
        "request a video in a message",
        "request the purpose file-extract",
        "request the purpose video",
        "request a completion window of 12h",
    }


def test_what_cannot_be_said_is_no_loss_where_nobody_promises_it():
    assert {row.status for row in expressible(targets.load("openrouter"))} == {Status.PASS}


@pytest.mark.parametrize("row", sayables(), ids=lambda row: row.what)
def test_what_can_be_said_has_a_source(row):
    assert row.source.startswith("https://")


def test_a_fact_that_was_seen_twice_is_one_row():
    table = Table()
    for _ in range(2):
        table.add(missed("models.list", "answer", "nothing", "no connection"))
    assert [row.times for row in table.rows()] == [2]
