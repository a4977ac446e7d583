"""The schema of a chunk: what each of its members must be, and that a growing text need only be a text."""

import copy

import pytest

from conformance.contract import ledger, schemas
from conformance.judge import chunks, shapes, stream
from conformance.vocabulary import Level, find

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "cached_tokens": 2}
FRAGMENT = {"index": 0, "id": "f:0", "type": "function", "function": {"name": "f", "arguments": ""}}
CHUNK = {
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1788439534, "model": "kimi-k3",
    "choices": [{
        "index": 0, "finish_reason": None, "usage": USAGE,
        "delta": {"role": "assistant", "content": "a", "reasoning_content": "b", "tool_calls": [FRAGMENT]},
    }],
    "usage": None, "system_fingerprint": "fpv0_5de57c9a",
}  # fmt: skip
GONE = object()
DELTA, CALL, CHOICE = "/choices/0/delta", "/choices/0/delta/tool_calls/0", "/choices/0"
BROKEN = [
    ("/id", GONE, "stream.id"), ("/id", 7, "stream.id-type"), ("/id", "", "stream.id-type"),
    ("/object", GONE, "stream.object"), ("/object", "chat.completion", "stream.object-value"),
    ("/created", GONE, "stream.created"), ("/created", "now", "stream.created-type"),
    ("/model", GONE, "stream.model"), ("/model", None, "stream.model-type"),
    ("/choices", GONE, "stream.choices"), ("/choices", None, "stream.choices-type"), (CHOICE, None, "stream.choice"),
    ("/usage", "none", "stream.usage-type"), ("/usage", {}, "stream.usage.counts"),
    ("/usage", USAGE | {"total_tokens": 1.5}, "stream.usage.counts-type"),
    ("/usage", USAGE | {"prompt_tokens": 0}, "stream.usage.prompt-counted"),
    ("/usage", USAGE | {"cached_tokens": None}, "stream.usage.counts-type"),
    ("/usage", USAGE | {"prompt_tokens_details": {"cached_tokens": -1}}, "stream.usage.details"),
    ("/system_fingerprint", 1, "stream.fingerprint-type"),
    ("/system_fingerprint", "fp_5de57c9a", "stream.fingerprint-form"),
    (f"{CHOICE}/index", GONE, "stream.choice.index"), (f"{CHOICE}/index", -1, "stream.choice.index-type"),
    (f"{CHOICE}/delta", GONE, "stream.choice.delta"), (f"{CHOICE}/delta", None, "stream.delta"),
    (f"{CHOICE}/finish_reason", GONE, "stream.choice.finish-reason"),
    (f"{CHOICE}/finish_reason", "", "stream.choice.finish-reason-value"),
    (f"{CHOICE}/usage", None, "stream.choice.usage-type"),
    (f"{CHOICE}/usage", {"prompt_tokens": 1, "completion_tokens": 1}, "stream.usage.counts"),
    (f"{DELTA}/role", None, "stream.delta.role-value"), (f"{DELTA}/role", "user", "stream.delta.role-value"),
    (f"{DELTA}/content", ["a"], "stream.delta.content-type"),
    (f"{DELTA}/reasoning_content", 1, "stream.delta.reasoning-type"),
    (f"{DELTA}/tool_calls", None, "stream.delta.tool-calls-type"), (CALL, "f", "stream.tool.fragment"),
    (f"{CALL}/index", GONE, "stream.tool.index"), (f"{CALL}/index", "0", "stream.tool.index-type"),
    (f"{CALL}/id", None, "stream.tool.id-type"), (f"{CALL}/type", None, "stream.tool.type-value"),
    (f"{CALL}/function", None, "stream.tool.function-type"),
    (f"{CALL}/function/name", None, "stream.tool.name-type"),
    (f"{CALL}/function/arguments", {}, "stream.tool.arguments-type"),
]  # fmt: skip


def changed(pointer, value):
    """The right chunk with one member changed, or gone."""
    chunk = copy.deepcopy(CHUNK)
    home, _, member = pointer.rpartition("/")
    holder = find(chunk, home)
    key = int(member) if isinstance(holder, list) else member
    if value is GONE:
        del holder[key]
    else:
        holder[key] = value
    return chunk


def examined(chunk):
    return shapes.examine(chunks.SCHEMA, chunk)


class TestShape:
    def test_a_chunk_with_every_member_is_right_and_every_clause_but_that_of_details_looks_at_it(self):
        shape = examined(CHUNK)
        assert (shape.findings, shape.unknown) == ({}, ())
        assert set(schemas.clauses_of(chunks.SCHEMA)) - shape.looked_at == {"stream.usage.details"}

    @pytest.mark.parametrize(("pointer", "value", "clause"), BROKEN)
    def test_each_member_that_is_wrong_breaks_its_own_clause_alone(self, pointer, value, clause):
        assert set(examined(changed(pointer, value)).findings) == {clause}

    def test_each_clause_of_the_schema_can_be_broken(self):
        assert {clause for *_, clause in BROKEN} == set(schemas.clauses_of(chunks.SCHEMA)) - {"stream.chunk"}
        assert set(examined([]).findings) == {"stream.chunk"}

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/usage", GONE), ("/usage", USAGE), ("/choices", []), (f"{DELTA}", {}), (f"{DELTA}/content", None),
            (f"{DELTA}/reasoning_content", None), (f"{DELTA}/tool_calls", []), ("/system_fingerprint", None),
            (CALL, {"index": 1, "function": {"arguments": "x"}}), (f"{CHOICE}/finish_reason", "tool_calls"),
        ],
    )  # fmt: skip
    def test_what_the_contract_allows_is_no_fault(self, pointer, value):
        assert examined(changed(pointer, value)).findings == {}

    def test_a_member_that_nobody_knows_is_told_and_no_fault(self):
        shape = examined(changed(f"{DELTA}/reasoning", "a"))
        assert (shape.findings, shape.unknown) == ({}, ("/choices/0/delta/reasoning",))

    @pytest.mark.parametrize(("pointer", "value", "clause"), BROKEN)
    def test_the_validator_that_only_decides_names_the_clauses_that_the_one_that_explains_does(
        self, pointer, value, clause
    ):
        assert shapes.broken(chunks.SCHEMA, changed(pointer, value)) == {clause}


class TestGrowingTexts:
    """The reader of chunks judges texts alike that differ in one of these strings; here is why it may."""

    @pytest.mark.parametrize(("name", "home"), chunks.GROWING.items())
    def test_the_schema_asks_nothing_of_a_growing_text_but_its_type(self, name, home):
        node = schemas.documents()[chunks.SCHEMA]
        for token in [*home.split("/")[1:], name]:
            above = set(node) - {"$schema", "$id", "$defs", "title"}
            assert above <= {"x-clause", "type", "allOf", "properties", "items"}
            assert all(set(part) == {"x-clause", "required"} for part in node.get("allOf", ()))
            node = node["items"] if token.isdigit() else node["properties"][token]
        assert set(node) == {"x-clause", "type"}
        assert "string" in node["type"]


class TestLedger:
    def test_every_clause_of_a_stream_is_borne_by_the_schema_or_judged_by_the_grammar(self):
        ours = {name for name in ledger.clauses() if name.startswith("stream.")}
        assert ours >= {*schemas.clauses_of(chunks.SCHEMA), *stream.GRAMMAR}
        assert len(set(stream.GRAMMAR)) == len(stream.GRAMMAR)
        assert not set(stream.GRAMMAR) & set(schemas.clauses_of(chunks.SCHEMA))

    @pytest.mark.parametrize("member", ["choices", "choice.delta", "choice.finish-reason", "tool.index", "done"])
    def test_without_these_a_client_breaks(self, member):
        assert ledger.clauses()[f"stream.{member}"].level is Level.MUST
