"""What must hold of our readers and gates on bytes that are made to hurt: valid in part, and wrong in one place.

The properties are those of ``fuzzers/surfaces.py``, which a coverage-guided fuzzer runs, too. What it once broke lies
in ``tests/seeds/SURFACE/`` and is tried here for ever.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzers.corpus import SEEDS
from fuzzers.surfaces import ENDINGS, ENDPOINTS, PROPERTIES

SEEDS_KEPT = sorted(path for path in (Path(__file__).parent / "seeds").glob("*/*") if path.is_file())
A_HANG = 20
# A quarter of the usual: each example is a whole file, judged.
few = settings(max_examples=settings().max_examples // 4, suppress_health_check=list(HealthCheck))


@contextmanager
def no_hang() -> Iterator[None]:
    """Raise TimeoutError in what takes so long that it may never end."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"no end after {A_HANG} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(A_HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def holds(surface: str, data: bytes) -> None:
    with no_hang():
        PROPERTIES[surface](data)


def text(value: object) -> bytes:
    return json.dumps(value).encode()


def given_as(ending: str, body: bytes, endpoint: str | None = None) -> bytes:
    return bytes([ENDINGS.index(ending), ENDPOINTS.index(endpoint)]) + body


# What a valid text is made wrong with.

BLOWS = [
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f", b"\\ud800", b"\\u0000", b"\x1b[2J", b"\r",
    b"\n\n", b"'", b'"', b"{", b"}", b"[" * 300, b"]", b":", b",", b"null", b"true", b"-0", b"1e999", b"1" * 5000,
    b"9" * 400,
    b"0.1e-400", b"-1", b"NaN", b'"a":1,"a":2', b"data: ", b"event: error\n", b"&a [*a]", b"<<: *a", b"!!binary 'x'",
    b"!!int 1:1:1", b"!!python/object/apply:os.system [x]", b"? [a]: b", b"--- \n...\n", b"2024-99-99",
    b"9999-12-31T23:59:59-23:59",
    b"0001-01-01T00:00:00+23:59", b"\\/", b"%73%6b", b"A" * 70_000, b'{"$ref":"#"}', b'{"$ref":"http://a.example"}',
]  # fmt: skip


NUMBERS = st.sampled_from([0, -1, 2**53, 2**63, 2**64, -(2**70), 10**400, 1e308, 5e-324, -0.0, 0.1, 1e22])
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(st.characters(), max_size=5) | st.sampled_from(["", "a" * 3000])


@st.composite
def struck(draw: st.DrawFn, surface: str) -> bytes:
    """Return a seed of a surface with a few blows to it: something put in, put over, cut off, doubled or swapped."""
    data = draw(st.sampled_from(_seeds(surface)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + draw(st.sampled_from([0, 1, 8, 200])))))
        blow = draw(st.sampled_from(BLOWS) | st.binary(max_size=6) | st.just(data[start:end] * 2))
        data = data[:start] + blow + (data[end:] if draw(st.integers(0, 5)) else b"")
    return data


@st.composite
def altered(draw: st.DrawFn, surface: str) -> bytes:
    """Return a seed in whose JSON a member or an item is another value, is gone, or stands twice."""
    before, value, behind = draw(st.sampled_from([parts for seed in _seeds(surface) for parts in _parted(seed)]))
    for _ in range(draw(st.integers(1, 3))):
        value = _altered(draw, value)
    return before + json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass") + behind


def _parted(seed: bytes) -> Iterator[tuple[bytes, object, bytes]]:
    """Yield what stands before the first JSON object of a seed, its value, and what stands behind it."""
    before, brace, rest = seed.partition(b"{")
    text = (brace + rest).decode("utf-8", "surrogateescape")
    with suppress(ValueError):
        value, end = json.JSONDecoder().raw_decode(text)
        yield before, value, text[end:].encode("utf-8", "surrogateescape")


def _altered(draw: st.DrawFn, value: object) -> object:
    places = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not places or draw(st.integers(0, 5)) == 0:
        return draw(LEAVES | st.just({}) | st.just([]) | st.just([value, value]))
    place = draw(st.sampled_from(places))
    if draw(st.integers(0, 5)) == 0:
        kept = [name for name in places if name != place]
        return {name: value[name] for name in kept} if isinstance(value, dict) else [value[name] for name in kept]
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[place] = _altered(draw, value[place])
    return changed


_known: dict[str, list[bytes]] = {}


def _seeds(surface: str) -> list[bytes]:
    if surface not in _known:
        _known[surface] = list(SEEDS[surface]())
    return _known[surface]


@pytest.mark.parametrize("surface", PROPERTIES)
class TestEverySurface:
    @few
    @given(data=st.binary(max_size=200))
    def test_holds_on_any_bytes(self, surface, data):
        holds(surface, data)

    @few
    @given(data=st.data())
    def test_holds_on_what_was_valid_before_it_was_struck(self, surface, data):
        holds(surface, data.draw(struck(surface)))


@few
@pytest.mark.parametrize(
    "surface", ["judge", "evidence", "run-file", "stream", "shape", "brought-schema", "tools", "numbers"]
)
@given(data=st.data())
def test_holds_on_a_document_with_another_value_somewhere(surface, data):
    holds(surface, data.draw(altered(surface)))


@pytest.mark.parametrize("path", SEEDS_KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_holds_on_every_seed_that_once_broke_it(path):
    holds(path.parent.name, path.read_bytes())


HURTFUL = {
    "a page of titles that never end": ("judge", b"<html>" + b"<title" * 100_000),
    "a line that never ends": ("judge", b'{"id":"' + b"a" * 5_000_000),
    "a million brackets": ("judge", b"[" * 1_000_000),
    "a stream of choices that never end": (
        "stream", b"\0" + b"".join(b'data: {"choices":[{"index":%d}]}\n\n' % index for index in range(30_000)),
    ),
    "a body of nothing but backslashes": ("redaction", b"\0\0\0" + b"\\" * 300_000),
    "a body of nothing but percent signs": ("redaction", b"\0\0\0" + b"%" * 300_000),
    "a body of keys of others": ("redaction", b"\0\0\0" + b"sk-" * 300_000),
}  # fmt: skip


@pytest.mark.parametrize(("surface", "body"), HURTFUL.values(), ids=HURTFUL.keys())
def test_what_is_large_and_of_one_kind_takes_no_time_without_end(surface, body):
    holds(surface, given_as(".json", body, "chat.completions") if surface == "judge" else body)


# Documents of the right form that hold anything.


def wrong(names: str, words: st.SearchStrategy[object] = LEAVES) -> st.SearchStrategy[object]:
    """Return JSON values whose members have these names, and any values."""
    known = st.sampled_from(names.split()) | st.text(max_size=3)
    value: st.SearchStrategy[object] = st.deferred(
        lambda: LEAVES | words | st.lists(value, max_size=3) | st.dictionaries(known, value, max_size=4)
    )
    return value


ANSWERS = wrong("""
    id object created model choices index message delta role content reasoning_content tool_calls function name
    arguments type finish_reason usage prompt_tokens completion_tokens total_tokens cached_tokens error data
    custom_id response body status_code request_counts logprobs bytes filename purpose available_balance
    cash_balance code kind status
""")
SCHEMAS = wrong(
    """
    type properties $ref $defs items anyOf allOf oneOf not if then required enum const pattern format minimum
    maximum multipleOf minLength maxItems uniqueItems $id id $schema $anchor $dynamicRef additionalProperties
    patternProperties prefixItems contains propertyNames dependentSchemas unevaluatedProperties definitions a
    contentEncoding default
    """,
    st.sampled_from(["#", "#/$defs/a", "object", "string", "integer", "^(a+)+$", "(a*)*\\1b", "regex"]),
)
ENTRIES = wrong("""
    request response method url uri headers name value postData text content mimeType encoding size status code
    body string base64_string parsed_body recorded_at metadata as_of startedDateTime cut refused x-chunks when
    then path header
""")
RECORDS = wrong("""
    kind id scenario step endpoint refused made_at seconds file failure request response attempts method url
    headers body body_base64 status cut pieces waited
""")


class TestDocumentsThatHoldAnything:
    @few
    @given(value=ANSWERS, endpoint=st.sampled_from(ENDPOINTS), ending=st.sampled_from([".json", ".jsonl", ".sse"]))
    def test_an_answer_of_any_shape_is_judged(self, value, endpoint, ending):
        body = b"data: " + text(value) + b"\n\n" if ending == ".sse" else text(value)
        holds("judge", given_as(ending, body, endpoint))

    @few
    @given(entries=st.lists(ENTRIES, max_size=3))
    def test_a_har_file_of_any_entries_is_judged(self, entries):
        holds("judge", given_as(".har", text({"log": {"entries": entries}})))

    @few
    @given(entries=st.lists(ENTRIES, max_size=3), name=st.sampled_from(["interactions", "http_interactions"]))
    def test_a_cassette_of_any_interactions_is_judged_and_played(self, entries, name):
        cassette = text({name: entries, "version": 1})
        holds("judge", given_as(".yaml", cassette))
        holds("cassette", cassette)

    @few
    @given(record=RECORDS)
    def test_a_run_file_of_any_records_is_judged(self, record):
        line = text({"kind": "exchange"} | record if isinstance(record, dict) else record) + b"\n"
        holds("judge", given_as(".ndjson", line))
        holds("run-file", line)

    @few
    @given(schema=SCHEMAS, value=ANSWERS)
    def test_a_schema_of_any_shape_is_held_against_any_value(self, schema, value):
        holds("brought-schema", text({"schema": schema, "value": value}))
        holds("tools", text(schema))
        function = {"name": "f", "parameters": schema, "strict": True}
        holds("tools", text([{"type": "function", "function": function}]))
        self._called(function, value)

    @staticmethod
    def _called(function: dict, value: object) -> None:
        """Judge a recorded call of a function by what its request declares."""
        call = {"index": 0, "id": "f:0", "type": "function", "function": {"name": "f", "arguments": json.dumps(value)}}
        message = {"role": "assistant", "content": json.dumps(value), "tool_calls": [call]}
        answer = {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        wanted = {"type": "json_schema", "json_schema": {"name": "f", "schema": function["parameters"], "strict": True}}
        sent = json.dumps({"tools": [{"type": "function", "function": function}], "response_format": wanted})
        request = {"method": "POST", "url": "https://a.example/v1/chat/completions", "postData": {"text": sent}}
        answered = {"status": 200, "content": {"text": json.dumps(answer)}}
        holds("judge", given_as(".har", text({"log": {"entries": [{"request": request, "response": answered}]}})))
