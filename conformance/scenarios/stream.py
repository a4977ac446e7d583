"""Streamed answers: of text, of a line that is continued, of tool calls, of JSON, one cut, and one refused."""

from typing import Any

from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.chat import CUT, HELLO, MUCH, user
from conformance.scenarios.formats import ASK as ASK_JSON
from conformance.scenarios.formats import LOOSE
from conformance.scenarios.tools import ASK_TWICE, BUDGET, TIME, WEATHER

STREAM = "chat.stream"
PREFIX = "一二三"
WITH_USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}


@scenario("stream.text", STREAM, spends=(1, 150, 128), control="chat.one-word")
def text(api: Api) -> None:
    """Ask for one word, streamed and signed: the request of chat.one-word, whose whole answer it is held against."""
    api.stream(HELLO, nonce=api.nonce, **WITH_USAGE)


@scenario("stream.partial", STREAM, spends=(1, 150, 128))
def partial(api: Api) -> None:
    """Have a line of characters of several bytes continued, streamed, whose beginning is given, up to one of them."""
    begun = {"role": "assistant", "content": PREFIX, "partial": True}
    api.stream(user("一二三四五六七八九 (repeat this line)"), begun, stop="六", **WITH_USAGE)


# That a call begins is what this shows: one that comes whole in its first fragment is legal, and has no later ones.
@scenario("stream.tools", STREAM, spends=(1, 300, 256), shows="stream.tool.begin")
def tools(api: Api) -> None:
    """Ask for calls of two tools at once, streamed, without asking for the usage."""
    api.stream(ASK_TWICE, tools=[WEATHER, TIME], **BUDGET)


@scenario("stream.structured", STREAM, spends=(1, 250, 256), control="chat.one-word")
def structured(api: Api) -> None:
    """Ask for JSON that obeys a schema, streamed, thinking where the model does."""
    api.stream(ASK_JSON, response_format=LOOSE, **{**api.think, **BUDGET}, **WITH_USAGE)


@scenario("stream.cut-by-budget", STREAM, spends=(1, 150, 8), control="chat.cut-by-budget")
def cut_by_budget(api: Api) -> None:
    """Ask for much, streamed, with a budget of few tokens: as chat.cut-by-budget does, but without its rules."""
    api.stream(MUCH, **{**api.think, **CUT}, **WITH_USAGE)


@scenario("refusals.streamed", refusal="streamed", control="stream.text")
def refused(api: Api) -> None:
    """Ask for a format of a type that does not exist, streamed."""
    api.stream(HELLO, response_format={"type": "bogus"}, refused=True)
