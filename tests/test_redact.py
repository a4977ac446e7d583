"""The gate before anything is kept: no key in any spelling, no account id, and nothing else is changed."""

import base64
import json
from contextlib import suppress
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.redact import MARK, REQUEST_HEADERS, RESPONSE_HEADERS, Redactor

KEYS = ["canary-0123456789-ABCDEF", "k+y/with=odd&characters?#%", "sk-0123456789abcdefghijABCDEFGHIJ"]

SPELLINGS = {
    "plain": lambda key: key,
    "reversed": lambda key: key[::-1],
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "url": lambda key: quote(key, safe=""),
    "url, slashes as they are": quote,
    "url, plus": quote_plus,
    "url, lower case": lambda key: "".join(f"%{ord(c):02x}" if not c.isalnum() else c for c in key),
    "url, every character": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "url, every character, lower case": lambda key: "".join(f"%{ord(c):02x}" for c in key),
    "escaped": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "escaped, upper case": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "escaped in part": lambda key: f"\\u{ord(key[0]):04x}" + key[1:],
    "json with its slashes escaped": lambda key: key.replace("/", "\\/"),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64, one byte before": lambda key: base64.b64encode(b"x" + key.encode()).decode(),
    "base64, two bytes before": lambda key: base64.b64encode(b"xy" + key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Bearer {key}\r\n".encode()).decode(),
    "base64url": lambda key: base64.urlsafe_b64encode(f"~~{key}".encode()).decode().rstrip("="),
    "base64 in a url": lambda key: quote(base64.b64encode(f">>?{key}".encode()).decode(), safe=""),
    "base64 in json with its slashes escaped": lambda key: (
        base64.b64encode(f">>?{key}".encode()).decode().replace("/", "\\/")
    ),
}


def shows(text: str, key: str) -> bool:
    """Tell whether a reader who undoes some encodings finds a good part of the key."""
    part = key[3:-3]
    decoded = [text, text[::-1]]
    decoded.append(text.replace("\\/", "/"))
    unquoted = unquote_plus(text)
    decoded.append(unquoted)
    for found in (text, unquoted, text.replace("\\/", "/")):
        for start in range(4):
            blob = "".join(c for c in found.split("|")[1] if c.isalnum() or c in "+/-_")[start:]
            blob = blob.replace("-", "+").replace("_", "/")
            decoded.append(base64.b64decode(blob[: len(blob) // 4 * 4]).decode("latin-1"))
    with suppress(ValueError):
        decoded.append(json.loads(f'"{text}"'))
    return any(part in each for each in decoded) or key.encode().hex()[6:-6] in text.lower()


@pytest.mark.parametrize("key", KEYS, ids=["words", "odd", "sk"])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_the_key_is_gone_from_a_body_in_every_spelling(spelling, key):
    body = f"before |{spelling(key)}| after"
    assert shows(body, key)
    kept = Redactor("V", key).body(body.encode()).decode()
    assert not shows(kept, key)
    assert kept.startswith("before |")
    assert kept.endswith("| after")


@given(before=st.binary(max_size=40), after=st.binary(max_size=40), upper=st.booleans())
def test_the_key_is_gone_from_base64_whatever_stands_around_it(before, after, upper):
    key = KEYS[0]
    text = base64.b64encode(before + key.encode() + after)
    kept = Redactor("V", key).body(text)
    assert MARK.encode() in kept
    inner = base64.b64encode(b"\0" * (len(before) % 3) + key.encode())
    assert inner[4:-4] not in kept


@given(st.lists(st.sampled_from(["plain", "percent", "escape"]), min_size=len(KEYS[0]), max_size=len(KEYS[0])))
def test_the_key_is_gone_however_its_characters_are_escaped(ways):
    how = {"plain": lambda c: c, "percent": lambda c: f"%{ord(c):02X}", "escape": lambda c: f"\\u{ord(c):04x}"}
    text = "".join(how[way](letter) for way, letter in zip(ways, KEYS[0], strict=True))
    assert Redactor("V", KEYS[0]).text(f'{{"a":"{text}"}}') == f'{{"a":"{MARK}"}}'


@given(st.binary())
def test_what_holds_no_secret_stays_byte_for_byte(body):
    assert Redactor("V", KEYS[0]).body(body) == body


@given(st.binary(max_size=50), st.sampled_from(sorted(SPELLINGS)))
def test_redaction_done_twice_is_redaction_done_once(body, name):
    redactor = Redactor("V", KEYS[0])
    once = redactor.body(body + SPELLINGS[name](KEYS[0]).encode() + body)
    assert redactor.body(once) == once


@given(st.text())
def test_any_text_can_be_redacted_and_written(text):
    Redactor("V", KEYS[0]).text(text).encode("utf-8")


def test_a_text_with_half_of_a_character_can_be_written():
    Redactor("V", KEYS[0]).text("a\ud800b").encode("utf-8")


def test_a_redacted_json_body_is_still_json():
    body = json.dumps({"a": KEYS[0], "b": [f"Bearer {KEYS[0]}"], KEYS[0]: 1})
    assert json.loads(Redactor("V", KEYS[0]).text(body)) == {"a": MARK, "b": [f"Bearer {MARK}"], MARK: 1}


def test_every_place_of_the_key_is_redacted():
    assert KEYS[0] not in Redactor("V", KEYS[0]).text(f"{KEYS[0]} {KEYS[0]}{KEYS[0]}")


def test_without_a_key_nothing_is_taken_for_one():
    assert Redactor("V", "").text("any text") == "any text"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("organization org-1a2B3c4D5e is over quota", "organization org-[redacted] is over quota"),
        ("<ak-abcdef123456>", "<ak-[redacted]>"),
        ("project: proj-ABCDEF0123", "project: proj-[redacted]"),
        ("sk-of-somebody-else-0123", "sk-[redacted]"),
    ],
)
def test_ids_of_accounts_and_other_keys_are_redacted(text, kept):
    assert Redactor("V", KEYS[0]).text(text) == kept


@pytest.mark.parametrize(
    "text", ["org-", "a proj-ect", "break-everything", "risk-of-everything-failing", "chatcmpl-0123456789abcdef"]
)
def test_ordinary_words_are_no_ids(text):
    assert Redactor("V", KEYS[0]).text(text) == text


def test_a_header_that_is_not_named_is_dropped():
    sent = (("Authorization", "Bearer x"), ("Cookie", "a=b"), ("X-Api-Key", "x"), ("Content-Type", "a/b"))
    assert Redactor("V", KEYS[0]).headers(sent, REQUEST_HEADERS) == (("content-type", "a/b"),)


@pytest.mark.parametrize("name", ["location", "msh-request-id", "x-request-id", "content-type"])
def test_the_key_is_gone_from_the_headers_that_are_kept(name):
    kept = Redactor("V", KEYS[1]).headers(((name, f"a?{quote(KEYS[1], safe='')}#{KEYS[1]}"),), RESPONSE_HEADERS)
    assert kept == ((name, f"a?{MARK}#{MARK}"),)


@pytest.mark.parametrize("name", ["authorization", "cookie", "set-cookie", "x-api-key", "openai-organization"])
def test_no_header_that_may_hold_a_secret_is_on_a_list(name):
    assert name not in REQUEST_HEADERS | RESPONSE_HEADERS


def test_the_repr_of_a_redactor_does_not_end_in_a_report():
    assert KEYS[0] not in repr(Redactor("V", KEYS[0]))


def streamed(*pieces, member="content"):
    """Return a stream that tells a text piece by piece."""
    deltas = ({"tool_calls": [{"index": 0, "function": {member: piece}}]} for piece in pieces)
    if member != "arguments":
        deltas = ({member: piece} for piece in pieces)
    chunks = ({"choices": [{"index": 0, "delta": delta}]} for delta in deltas)
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()


class TestAKeyThatAStreamTellsPieceByPiece:
    KEY = KEYS[2]

    @pytest.mark.parametrize("member", ["content", "reasoning_content", "arguments"])
    @pytest.mark.parametrize("at", range(1, len(KEYS[2])))
    def test_is_gone_wherever_it_was_split(self, member, at):
        body = streamed("Your key ", f"is {self.KEY[:at]}", f"{self.KEY[at:]}!", " Bye.", member=member)
        kept = Redactor("KEY", self.KEY).body(body)
        assert kept == streamed("Your key ", f"is {MARK}", "!", " Bye.", member=member)

    def test_is_gone_where_each_piece_is_one_letter(self):
        kept = Redactor("KEY", self.KEY).body(streamed("a", *self.KEY, "b", *self.KEY))
        blank = [""] * (len(self.KEY) - 1)
        assert kept == streamed("a", MARK, *blank, "b", MARK, *blank)

    @pytest.mark.parametrize("spell", ["base64", "hex", "reversed"])
    def test_is_gone_in_other_spellings(self, spell):
        told = SPELLINGS[spell](self.KEY)
        assert Redactor("KEY", self.KEY).body(streamed(told[:9], told[9:])) == streamed(MARK, "")

    @pytest.mark.parametrize("key", KEYS[:2])
    def test_is_gone_where_json_escapes_it(self, key):
        body = streamed(*key).replace(key[0].encode(), f"\\u{ord(key[0]):04x}".encode(), 1)
        assert MARK.encode() in Redactor("KEY", key).body(body)

    def test_leaves_what_only_begins_like_it(self):
        body = streamed("canary-0123", "456789-other")
        assert Redactor("KEY", KEYS[0]).body(body) == body


@given(st.lists(st.text(max_size=4), max_size=8))
def test_a_stream_that_tells_no_key_stays_as_it_is(pieces):
    body = streamed(*pieces)
    assert Redactor("KEY", KEYS[0]).body(body) == body

    def test_takes_no_longer_for_each_piece_than_for_the_first(self):
        half = f'data: "content":"{self.KEY[:16]}""content":"{self.KEY[16:]}"\n'
        kept = Redactor("KEY", self.KEY).body(half.encode() * 20_000)
        assert kept == b'data: "content":"' + MARK.encode() + b'""content":""\n' + kept[len(kept) // 20_000 :]


ESCAPED_AGAIN = {
    "a JSON text in a JSON text": lambda key: json.dumps("".join(f"\\u{ord(c):04x}" for c in key))[1:-1],
    "that again": lambda key: json.dumps(json.dumps("".join(f"\\u{ord(c):04x}" for c in key))[1:-1])[1:-1],
    "slashes in a JSON text in a JSON text": lambda key: json.dumps(key.replace("/", "\\/"))[1:-1],
    "a URL in a URL": lambda key: quote("".join(f"%{ord(c):02X}" for c in key), safe=""),
    "a URL in a JSON text": lambda key: "".join(f"\\u0025{ord(c):02x}" for c in key),
    "a literal": lambda key: "".join(f"\\x{ord(c):02x}" for c in key),
    "a page": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "a page, hexadecimal": lambda key: "".join(f"&#x{ord(c):X};" for c in key),
    "a page in a page": lambda key: "".join(f"&amp;#x{ord(c):x};" for c in key),
    "UTF-16": lambda key: key.encode("utf-16-le").decode(),
    "UTF-16 in a JSON text": lambda key: json.dumps(key.encode("utf-16-be").decode())[1:-1],
}


@pytest.mark.parametrize("key", KEYS, ids=["words", "odd", "sk"])
@pytest.mark.parametrize("spelling", ESCAPED_AGAIN.values(), ids=ESCAPED_AGAIN.keys())
def test_the_key_is_gone_under_escapes_of_escapes(spelling, key):
    kept = Redactor("V", key).text(f"before |{spelling(key)}| after")
    assert kept.replace("\0", "").replace("\\u0000", "") == f"before |{MARK}| after"


@pytest.mark.parametrize("at", range(9, 33))
@pytest.mark.parametrize("escaped", ["%{:02x}", "\\u{:04x}", "&#{};"])
def test_the_beginning_of_an_escaped_key_is_gone_where_the_body_was_cut(escaped, at):
    told = "".join(escaped.format(ord(letter)) for letter in KEYS[2])
    size = len(escaped.format(100)) * at + 1
    assert Redactor("V", KEYS[2]).body(b"a " + told[:size].encode(), cut=True) == b"a " + MARK.encode()
