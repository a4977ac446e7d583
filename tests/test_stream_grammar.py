"""The grammar of a stream: each clause with a stream that breaks it, honest streams, and hostile ones."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import ledger
from conformance.judge import chunks, stream
from conformance.judge.stream import GRAMMAR, read
from conformance.vocabulary import CouldNotCheck, Finding

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1788439534, "model": "kimi-k3"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ROLE, END = {"role": "assistant", "content": ""}, {"finish_reason": "stop", "usage": USAGE}
DONE, GLUED = "data: [DONE]\n\n", '{"id":"a{"id":"b"}'
TEN = USAGE | {"completion_tokens": 10}


def chunk(delta=None, index=0, finish_reason=None, **more):
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish_reason}
    choice |= {"usage": more.pop("usage")} if "usage" in more else {}
    return HEAD | {"choices": [choice]} | more


def alone(**more):
    return HEAD | {"choices": []} | {"usage": USAGE} | more


def written(events, end=DONE):
    told = (
        event if isinstance(event, str) else f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events
    )
    return "".join([*told, end]).encode("utf-8", "surrogatepass")


def call(arguments, index=0, **head):
    function = {"arguments": arguments} | ({"name": head.pop("name")} if "name" in head else {})
    return {"tool_calls": [{"index": index} | head | {"function": function}]}


NAMED = {"id": "f:0", "type": "function", "name": "f"}
FIRST = call("", **NAMED)
TEXT = [chunk(ROLE), chunk({"content": "Hello"}), chunk({"content": "."}), chunk(**END)]
CALLED = chunk(finish_reason="tool_calls", usage=USAGE)


def calling(*deltas):
    return [chunk(ROLE), *map(chunk, deltas), CALLED]


# Each with the place and the value that is complained of.
LIES = {
    "stream.framing": (written([*TEXT[:2], "Hi {}\n\n", *TEXT[2:]]), "byte ", "Hi {}"),
    "stream.utf-8": (written(TEXT).replace(b"Hello", b"Hell\xff"), "byte ", "bytes ff 22 7d 2c 20 22 66 69"),
    "stream.whole": (written(TEXT, DONE + "data: {"), "byte ", "data: {"),
    "stream.json": (written([*TEXT[:2], f"data: {GLUED}\n\n", *TEXT[2:]]), "event 3 (byte ", GLUED),
    "stream.error": (written([*TEXT[:2], {"error": {"message": "overloaded"}}]), "event 3 (byte ", "overloaded"),
    "stream.done": (written(TEXT, ""), "end (byte ", None),
    "stream.nothing-after-done": (written(TEXT, DONE * 2), "event 6 (byte ", "[DONE]"),
    "stream.id.constant": (written([*TEXT[:2], TEXT[2] | {"id": "x"}, TEXT[3]]), "event 3 (byte ", "x"),
    "stream.created.constant": (written([*TEXT[:2], TEXT[2] | {"created": 7}, TEXT[3]]), "event 3 (byte ", 7),
    "stream.model.constant": (written([*TEXT[:2], TEXT[2] | {"model": "x"}, TEXT[3]]), "event 3 (byte ", "x"),
    "stream.role.first": (written(TEXT[1:]), "event 1 (byte 0) /choices/0/delta", "content"),
    "stream.role.once": (written([TEXT[0], *TEXT]), "event 2 (byte ", "assistant"),
    "stream.role.same": (written([TEXT[0], chunk({"role": "tool"}), *TEXT[1:]]), "event 2 (byte ", "tool"),
    "stream.reasoning-first": (
        written([*TEXT[:2], chunk({"reasoning_content": "late"}), *TEXT[2:]]), "event 3 (byte ", "late",
    ),
    "stream.appended": (
        written([TEXT[0], *(chunk({"content": "One, two"[:size]}) for size in (1, 3, 4, 8)), TEXT[3]]),
        "choice 0 content", "One, two",
    ),
    "stream.tool.order": (written(calling(FIRST, call("", 2, **NAMED))), "event 3 (byte ", 2),
    "stream.tool.begin": (written(calling(call("{}", id="f:0", type="function"))), "event 2 (byte ", "no name"),
    "stream.tool.id-once": (written(calling(FIRST, call("{}", id="f:0"))), "event 3 (byte ", "f:0"),
    "stream.tool.name-once": (written(calling(FIRST, call("{}", name="g"))), "event 3 (byte ", "g"),
    "stream.tool.appended": (written(calling(FIRST, *map(call, ["{", "}", "{}"]))), "event 5 (byte ", "{}"),
    "stream.tool.arguments-json": (written(calling(FIRST, call('{"a":'), call("1"))), "event 4 (byte ", '{"a":1'),
    "stream.finish.told": (written(TEXT[:3]), "end (byte ", "none"),
    "stream.finish.once": (written([*TEXT, chunk(**END)]), "event 5 (byte ", "stop"),
    "stream.finish.last": (written([*TEXT, TEXT[1]]), "event 5 (byte ", "{'content': 'Hello'}"),
    "stream.usage.on-finish": (written([*TEXT[:3], chunk(finish_reason="stop")]), "event 4 (byte ", None),
    "stream.usage.ordinary": (written([TEXT[0], TEXT[1] | {"usage": USAGE}, *TEXT[2:]]), "event 2 (byte ", None),
    "stream.usage.chunk": (written(TEXT), "event 4 (byte ", "another last chunk, or none"),
    "stream.usage.agree": (written([*TEXT, alone(usage=TEN)]), "/usage/completion_tokens", 10),
    "stream.choices.empty": (written([HEAD | {"choices": []}, *TEXT]), "event 1 (byte 0) /choices", None),
    "stream.accumulates": (
        written(calling({"tool_calls": [{"index": 0, "id": "f:0"}]})), "/choices/0/message/tool_calls/0", None,
    ),
}  # fmt: skip


class TestEveryClause:
    def test_has_its_lie_here(self):
        assert tuple(LIES) == GRAMMAR

    @pytest.mark.parametrize(("clause", "lie"), LIES.items(), ids=LIES)
    def test_is_broken_by_its_lie_at_the_place_where_it_is_told(self, clause, lie):
        body, where, actual = lie
        told = read(body, include_usage=True if clause == "stream.usage.chunk" else None)
        (finding,) = told.findings[clause]
        assert finding.where.startswith(where)
        assert actual is None or finding.actual == actual
        assert clause in told.looked_at

    @pytest.mark.parametrize("clause", GRAMMAR)
    def test_stands_in_the_ledger_of_streams(self, clause):
        assert ledger.clauses()[clause].endpoint == "chat.stream"


class TestFindings:
    def test_of_the_grammar_only_the_first_illegal_step_is_told(self):
        told = read(
            written([TEXT[0], *(TEXT[1] | {"id": str(number)} for number in range(9)), *TEXT[2:]]), include_usage=None
        )
        assert [finding.where.split(" (")[0] for finding in told.findings["stream.id.constant"]] == ["event 2"]

    def test_of_the_schema_each_is_told_with_its_event_its_byte_and_its_pointer(self):
        body = written([TEXT[0], *[chunk({"role": None, "content": "a"})] * 60, TEXT[3]])
        found = read(body, include_usage=None).findings["stream.delta.role-value"]
        assert len(found) == chunks.FINDINGS_KEPT
        assert found[0].where == f"event 2 (byte {body.index(b'data', 1)}) /choices/0/delta/role"

    def test_a_clause_that_only_a_late_chunk_breaks_is_found_behind_many_of_another(self):
        body = written([TEXT[0], *[chunk({"role": None, "content": "a"})] * 60, chunk({"content": 7}), TEXT[3]])
        assert "stream.delta.content-type" in read(body, include_usage=None).findings

    def test_members_that_no_schema_knows_are_told_once_and_without_an_event(self):
        told = read(written([part | {"provider": "x"} for part in TEXT]), include_usage=None)
        assert (told.unknown, told.findings) == (("/provider",), {})

    def test_an_error_beside_choices_is_an_error_and_its_chunk_is_judged(self):
        told = read(written([*TEXT[:3], TEXT[3] | {"error": {"message": "cut off"}}]), include_usage=None)
        assert (told.error, told.completion["choices"][0]["finish_reason"]) == ("cut off", "stop")

    @pytest.mark.parametrize("data", ['{"type":"api_error","message":"boom"}', '{"error":"boom"}', "boom", '"boom"'])
    def test_an_event_that_is_called_error_is_one_whatever_it_holds(self, data):
        assert read(written([*TEXT[:2], f"event: error\ndata: {data}\n\n"], ""), include_usage=None).error == "boom"

    def test_after_an_error_nothing_more_is_asked_of_the_end(self):
        told = read(written([*TEXT[:2], {"error": {"message": "boom"}}], ""), include_usage=True)
        assert set(told.findings) == {"stream.error"}
        assert not told.looked_at & {"stream.done", "stream.finish.told", "stream.usage.chunk", "stream.accumulates"}

    def test_of_a_body_that_we_stopped_reading_the_end_is_not_judged(self):
        told = read(written(TEXT)[:-200], include_usage=True, cut=True)
        assert told.findings == {}
        assert not told.looked_at & {"stream.whole", "stream.done", "stream.finish.told", "stream.accumulates"}

    @pytest.mark.parametrize("body", [b"", b"data: [DONE]\n\n", b": nothing\n\n"])
    def test_a_stream_without_a_chunk_adds_up_to_nothing_and_that_is_a_fault(self, body):
        told = read(body, include_usage=None)
        assert (told.completion, "stream.accumulates" in told.findings) == (None, True)

    @pytest.mark.parametrize(
        "pieces", [['{"a":', "{}", "}"], ["{", '"a":', "{}"], ['{"a":"', "{", "{}"], ["", '{"a":1}'], ["{}", "", ""]]
    )
    def test_a_piece_that_is_itself_an_object_is_not_the_whole_again(self, pieces):
        told = read(written(calling(FIRST, *map(call, pieces))), include_usage=None)
        assert "stream.tool.appended" not in told.findings

    def test_an_id_or_a_name_that_is_empty_does_not_tell_it_again_and_an_empty_name_is_none(self):
        assert read(written(calling(FIRST, call("{}", id="", name=""))), include_usage=None).findings == {}
        told = read(written(calling(call("{}", id="f:0", type="function", name=""))), include_usage=None)
        assert told.findings["stream.tool.begin"][0].actual == "no name"

    def test_an_empty_delta_may_follow_the_end(self):
        assert read(written([*TEXT, chunk({"content": ""})]), include_usage=None).findings == {}

    def test_what_follows_done_is_no_part_of_the_answer(self):
        told = read(written([*TEXT, DONE, chunk({"content": "!"})]), include_usage=None)
        assert told.completion["choices"][0]["message"]["content"] == "Hello."

    def test_a_content_that_is_always_null_adds_up_to_null_and_one_that_is_never_told_is_absent(self):
        told = read(written([chunk({"role": "assistant", "content": None}), TEXT[3]]), include_usage=None)
        assert told.completion["choices"][0]["message"] == {"role": "assistant", "content": None}

    def test_an_index_that_is_no_number_is_not_taken_for_one(self):
        told = read(written([chunk(ROLE, True), chunk(END, True)]), include_usage=None)
        assert "index" not in told.completion["choices"][0]

    def test_of_one_chunk_nothing_can_be_constant(self):
        looked = read(written(TEXT[:1]), include_usage=None).looked_at
        assert not looked & {f"stream.{member}.constant" for member in ("id", "created", "model")}

    @pytest.mark.parametrize(
        "pieces", [["a", "a", "a", "a"], ["a", "ab", "abc"], ["a", "ab", "abc", "x"], ["", "1", "11"]]
    )
    def test_pieces_that_are_alike_by_chance_are_no_text_that_is_told_again(self, pieces):
        told = written([TEXT[0], *(chunk({"content": piece}) for piece in pieces), TEXT[3]])
        assert read(told, include_usage=None).findings == {}

    def test_a_usage_that_only_an_earlier_chunk_of_a_choice_tells_does_not_come_with_its_end(self):
        told = [TEXT[0], chunk({"content": "Hello"}, usage=USAGE), chunk(finish_reason="stop")]
        assert {"stream.usage.ordinary", "stream.usage.on-finish"} <= set(
            read(written(told), include_usage=None).findings
        )

    def test_a_usage_of_null_and_one_that_comes_with_or_after_the_end_of_a_choice_are_not_told_too_early(self):
        told = [*({**part, "usage": None} for part in TEXT[:3]), TEXT[3] | {"usage": USAGE}, chunk() | {"usage": USAGE}]
        assert read(written(told), include_usage=None).findings == {}

    def test_a_last_chunk_without_choice_and_without_usage_is_no_usage_chunk(self):
        told = read(written([*TEXT, HEAD | {"choices": []}]), include_usage=True)
        assert {"stream.usage.chunk", "stream.choices.empty"} <= set(told.findings)

    def test_arguments_that_were_cut_by_the_budget_need_not_be_whole(self):
        events = [*calling(FIRST, call('{"a":'))[:-1], chunk(finish_reason="length", usage=USAGE)]
        told = read(written(events), include_usage=None)
        assert (told.findings, "stream.tool.arguments-json" in told.looked_at) == ({}, False)

    @pytest.mark.parametrize(("asked", "complaint"), [(True, False), (False, True), (None, False)])
    def test_the_usage_chunk_belongs_to_those_who_asked_for_it(self, asked, complaint):
        told = read(written([*TEXT, alone()]), include_usage=asked)
        assert ("stream.choices.empty" in told.findings) == complaint
        assert ("stream.usage.chunk" in told.looked_at) == (asked is True)

    def test_clauses_that_had_nothing_to_look_at_say_so(self):
        looked = read(written(TEXT), include_usage=None).looked_at
        assert set(GRAMMAR) - looked == {
            "stream.role.same", "stream.reasoning-first", "stream.appended", "stream.tool.order", "stream.tool.begin",
            "stream.tool.id-once", "stream.tool.name-once", "stream.tool.appended", "stream.tool.arguments-json",
            "stream.usage.chunk", "stream.usage.agree",
        }  # fmt: skip

    def test_the_first_event_of_each_kind_is_kept_for_timing(self):
        thinking = [TEXT[0], chunk({"reasoning_content": "Hm"}), *TEXT[1:]]
        firsts = read(written(thinking), include_usage=None).firsts
        assert {kind: event.number for kind, event in firsts.items()} == {
            "first": 1, "reasoning": 2, "content": 3, "last": 6,
        }  # fmt: skip


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
names = st.sampled_from(["get_weather", "add", "f"])
calls = st.lists(
    st.tuples(names, st.dictionaries(texts, st.integers() | texts, max_size=3).map(json.dumps)), max_size=3
)
said = st.tuples(st.none() | texts, texts, calls)


def honest(data, number, answer):
    """The deltas of an answer, and the message that they were made from."""
    reasoning, content, called = answer
    message = {"role": "assistant", "content": content} | ({"reasoning_content": reasoning} if reasoning else {})
    deltas = [ROLE]
    for name in ("reasoning_content", "content"):
        deltas += [{name: piece} for piece in pieces(data, message[name])] if name in message else []
    for index, (name, arguments) in enumerate(called):
        deltas += [call("", index, id=f"{name}:{index}", type="function", name=name)]
        deltas += [call(piece, index) for piece in pieces(data, arguments)]
    if called:
        message["tool_calls"] = [
            {"index": index, "id": f"{name}:{index}", "type": "function", "function": {"name": name, "arguments": told}}
            for index, (name, told) in enumerate(called)
        ]
    end = "tool_calls" if called else "stop"
    told = [chunk(delta, number) for delta in deltas] + [chunk({}, number, end, usage=USAGE)]
    return told, {"index": number, "message": message, "finish_reason": end}


def pieces(data, text):
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[begin:end] for begin, end in zip([0, *places], [*places, len(text)], strict=True)]


class TestHonestStreams:
    @given(st.data(), st.lists(said, min_size=1, max_size=2), st.booleans(), st.booleans())
    def test_have_no_findings_and_add_up_to_what_they_were_made_from(self, data, answers, usage, ascii_only):
        made = [honest(data, number, answer) for number, answer in enumerate(answers)]
        events = [event for told, _ in made for event in told] + ([alone()] if usage else [])
        lines = [f"data: {json.dumps(event, ensure_ascii=ascii_only)}\n\n" for event in events]
        told = read(written(lines), include_usage=usage)
        assert (told.findings, told.error, told.unchecked) == ({}, None, ())
        whole = HEAD | {"object": "chat.completion", "choices": [choice for _, choice in made], "usage": USAGE}
        assert told.completion == whole


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6,
)  # fmt: skip
wild = st.sampled_from(["", "a", "HOLE", '"', "\\", "\u0000", "文", "{}", '","content":"x', "\ud83d"])


def strange(usual):
    return usual | usual | usual | json_values


def members(**usual):
    return st.fixed_dictionaries({}, optional={name: strange(value) for name, value in usual.items()})


fragments = members(
    index=st.integers(0, 2) | st.just(10**40), id=wild, type=st.just("function"),
    function=members(name=wild, arguments=wild),
)  # fmt: skip
deltas = members(
    role=st.sampled_from(["assistant", "user"]), content=wild, reasoning_content=wild,
    tool_calls=st.lists(strange(fragments), max_size=2), **{'a"content': wild, "reasoning_details": wild},
)  # fmt: skip
choices = members(
    index=st.integers(0, 1) | st.just(1.0), delta=deltas, finish_reason=st.sampled_from([None, "stop", "length"]),
    usage=st.just(USAGE) | members(prompt_tokens=st.integers()),
)  # fmt: skip
strange_chunks = members(
    id=st.sampled_from(["a", "b"]), object=st.just("chat.completion.chunk"), created=st.integers(0, 1), model=wild,
    choices=st.lists(strange(choices), max_size=2), usage=st.just(USAGE), error=members(message=wild),
)  # fmt: skip
usual = st.builds(
    chunk, st.fixed_dictionaries({}, optional={"content": wild, "reasoning_content": wild, "role": st.none()})
)
lines = st.builds(
    lambda value, blank: f"data: {json.dumps(value, separators=(',', ':' + blank))}\n\n",
    strange(usual | strange_chunks), st.sampled_from(["", " "]),
)  # fmt: skip
bodies = st.lists(lines | st.sampled_from([DONE, "event: error\n", "data: {\n\n", "x\n"]), max_size=12).map("".join)


# Texts with a hole, as they stand on the wire, and what may stand in it.
HOLED = [
    json.dumps(told, separators=(",", ":"))
    for told in (
        chunk({"content": "HOLE"}), chunk({"content": "", "reasoning_content": "HOLE"}), chunk(call("HOLE")),
        chunk({'a"content': "HOLE"}), chunk({'a"content': "HOLE", "content": "x"}), chunk({"x": {"content": "HOLE"}}),
        chunk({"content": "x"}, note={"content": "HOLE"}), {"content": "HOLE", **chunk({"content": "x"})},
        {"error": {"content": "HOLE"}}, chunk({"content": ["content", "HOLE"]}), chunk({"content": 7, "role": "HOLE"}),
        HEAD | {"choices": [TEXT[1]["choices"][0], chunk({"content": "HOLE"}, 1)["choices"][0]]},
        chunk({"tool_calls": [FIRST["tool_calls"][0], call("HOLE", 1)["tool_calls"][0]]}), {"content": "HOLE"},
    )
]  # fmt: skip
holed = st.sampled_from(HOLED) | st.builds(lambda value: json.dumps(value, separators=(",", ":")), strange_chunks)
parts = ["\\", '"', "u", "0041", "d83d", "n", "x", "\\u0041", "\t", "\x01", "文", '","content":"', '"}', "{"]
raw = st.lists(st.sampled_from(parts)).map("".join)


def afresh(body):
    """The transcript of a stream whose chunks are parsed and validated each for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SKELETONS_KEPT", 0)
        return read(body, include_usage=None)


class TestHostileStreams:
    @given(st.binary(), st.sampled_from([True, False, None]), st.booleans())
    def test_no_bytes_make_it_raise(self, body, include_usage, cut):
        read(body, include_usage=include_usage, cut=cut)

    @given(bodies, st.sampled_from([True, False, None]))
    def test_no_chunks_make_it_raise_and_every_finding_is_of_a_clause_that_was_looked_at(self, body, include_usage):
        told = read(body.encode(), include_usage=include_usage)
        assert set(told.findings) <= told.looked_at <= set(ledger.clauses())

    @given(bodies)
    def test_a_chunk_that_is_judged_like_an_earlier_one_is_judged_as_if_it_were_alone(self, body):
        raw = body.encode()
        assert read(raw, include_usage=None) == afresh(raw)

    @given(holed, st.lists(raw, max_size=3))
    def test_of_chunks_that_differ_in_one_text_each_is_judged_as_if_it_were_alone(self, template, texts):
        told = [f"data: {template.replace('HOLE', text)}\n\n" for text in ["a", "b", *texts, "a"]]
        body = written([TEXT[0], *told, TEXT[3]])
        assert read(body, include_usage=None) == afresh(body)

    @pytest.mark.parametrize("template", HOLED)
    @pytest.mark.parametrize("text", ["x", "\\n", "\\", "\t", '","x":"', "\\ud83d", '","content":"y', '"}'])
    def test_what_only_looks_like_a_growing_text_is_not_taken_for_one(self, template, text):
        told = [f"data: {template.replace('HOLE', piece)}\n\n" for piece in ("a", "b", text, "c")]
        body = written([TEXT[0], *told, TEXT[3]])
        assert read(body, include_usage=None) == afresh(body)

    def test_a_chunk_that_cannot_be_validated_is_told_as_one_that_was_not_checked(self, monkeypatch):
        def refuse(name, _):
            raise CouldNotCheck(Finding("", "a value that can be validated", name))

        monkeypatch.setattr(chunks.shapes, "valid", refuse)
        unchecked = read(written(TEXT), include_usage=None).unchecked
        assert [finding.where.split(" (")[0] for finding in unchecked[:4]] == [f"event {n}" for n in range(1, 5)]

    def test_chunks_that_all_differ_are_not_all_kept(self):
        told = chunks.Chunks()
        for event in stream.sse.parse(written([chunk({"content": "a"}, extra=number) for number in range(500)])).events[
            :-1
        ]:
            told.read(event)
        assert len(told._skeletons) == chunks.SKELETONS_KEPT
