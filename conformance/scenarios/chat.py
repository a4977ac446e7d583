"""Whole answers of the chat endpoint; each call is the cheapest that shows what is to be seen."""

from typing import Any

from conformance.evidence.api import Api
from conformance.scenarios import scenario

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(text: str) -> dict[str, Any]:
    """Return a user message."""
    return {"role": "user", "content": text}


@scenario("chat.one-word", "chat.completions", spends=(1, 150, 128))
def one_word(api: Api) -> None:
    """Ask for one word."""
    api.chat(user("Reply with exactly one word: hello"))


@scenario("chat.system-and-user", "chat.completions", spends=(1, 150, 128))
def system_and_user(api: Api) -> None:
    """Ask for one word with a system message before the question."""
    api.chat(
        {"role": "system", "content": "You answer as briefly as you can."}, user("Reply with exactly one word: hello")
    )


@scenario("chat.cut-by-budget", "chat.completions", spends=(1, 150, 8))
def cut_by_budget(api: Api) -> None:
    """Ask for much with a budget of few tokens, so that the answer is cut."""
    api.chat(user("Count from one to one hundred in words, separated by commas."), max_completion_tokens=8)


@scenario("chat.two-turns", "chat.completions", spends=(2, 400, 256))
def two_turns(api: Api) -> None:
    """Ask, then ask on with the first answer in the history; the second prompt holds the first."""
    question = user("Reply with exactly one word: hello")
    first = api.chat(question)
    # A model that spends its budget on reasoning says nothing, and nothing is no legal message to send back.
    said = first.at("/choices/0/message/content", str).strip() or "hello"
    api.chat(question, {"role": "assistant", "content": said}, user("Reply with exactly one word: goodbye"))


@scenario("chat.tool-call", "chat.completions", spends=(1, 300, 256), shows="chat.tool-call")
def tool_call(api: Api) -> None:
    """Ask what only a declared tool can tell."""
    api.chat(user("Call the tool get_weather for the city of Paris."), tools=[WEATHER], max_completion_tokens=256)
