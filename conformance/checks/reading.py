"""Reading chat answers, and what was asked: what is not there is not made up, and raises what that means."""

import re
from typing import Any

from conformance.checks import ANSWERS
from conformance.judge import answers
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, Value, find, member

CHAT = "chat.completions"


def choices(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Return the choices with their places; raises CouldNotCheck where there is none that can be read."""
    found = [(f"/choices/{index}", choice) for index, choice in enumerate(exchange.at("/choices", list))]
    if not found:
        raise CouldNotCheck(Finding("/choices", "at least one choice", "none"))
    for where, choice in found:
        if not isinstance(find(choice, "/message"), dict):
            raise CouldNotCheck(Finding(f"{where}/message", "a message", choice))
    return found


def tool_calls(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Return the tool calls of all choices with their places; raises NotApplicable where there is none."""
    calls = [
        (f"{where}/message/tool_calls/{index}", call)
        for where, choice in choices(exchange)
        for index, call in enumerate(calls_in(where, choice))
    ]
    if not calls:
        raise NotApplicable("the answer calls no tool")
    for where, call in calls:
        if not isinstance(call, dict):
            raise CouldNotCheck(Finding(where, "a tool call", call))
    return calls


def calls_in(where: str, choice: dict[str, Any]) -> list[Any]:
    """Return the tool calls of a choice, none where it has none; raises CouldNotCheck where they are no list."""
    calls = find(choice, "/message/tool_calls")
    if calls is ABSENT or calls is None:
        return []
    if not isinstance(calls, list):
        raise CouldNotCheck(Finding(f"{where}/message/tool_calls", "a list of calls", calls))
    return calls


def text_in(where: str, choice: dict[str, Any]) -> str:
    """Return the text of a choice, an empty one where it has none; raises CouldNotCheck where it is of another type."""
    content = find(choice, "/message/content")
    if content is ABSENT or content is None:
        return ""
    if not isinstance(content, str):
        raise CouldNotCheck(Finding(f"{where}/message/content", "a text", content))
    return content


def is_cut(choice: object) -> bool:
    """Tell whether the budget cut a choice, whose text and calls may then end anywhere."""
    return bool(find(choice, "/finish_reason") == "length")


def optional(exchange: Exchange, pointer: str) -> int:
    """Return an optional count; raises NotApplicable where it is absent, CouldNotCheck where it is no integer."""
    if find(exchange.json, pointer) is ABSENT:
        raise NotApplicable(f"the answer has no {pointer}")
    return exchange.at(pointer, int)


def one_word(run: Run) -> Exchange:
    """Return the whole answer of one word, which others are held against; raises CouldNotCheck where there is none."""
    return answer_in(run, "chat.one-word")


def answer_in(run: Run, scenario: str) -> Exchange:
    """Return the first chat answer of a scenario, whole; raises CouldNotCheck where there is none."""
    for exchange in run.conversations.get(scenario, ()):
        if exchange.endpoint in ANSWERS:
            answers.success(exchange, run)
            return answers.whole(exchange)
    raise CouldNotCheck(Finding("", f"{scenario}, to hold this against", "it was not asked"))


def counted(exchange: Exchange, name: str) -> int:
    """Return a count of the usage; raises CouldNotCheck where there is none, and as ``require_usage`` does."""
    require_usage(exchange)
    return exchange.at(f"/usage/{name}", int)


def require_usage(exchange: Exchange) -> None:
    """Raise NotApplicable where a stream tells no usage at all, of which other clauses speak."""
    if exchange.endpoint == "chat.stream" and find(exchange.json, "/usage") is ABSENT:
        raise NotApplicable("the stream tells no usage, which other clauses speak of")


def request_of(exchange: Exchange) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the body of the request; raises NotApplicable where a recording does not tell it."""
    if exchange.file and not exchange.request.body:
        raise NotApplicable("the recording does not tell the request")
    return exchange.asked


def request_member(exchange: Exchange, name: str, kind: type[Value]) -> Value:
    """Return a member of the request; raises NotApplicable where it has none, or a recording does not tell it."""
    if find(request_of(exchange), f"/{name}") in (ABSENT, None):
        raise NotApplicable(f"the request has no {name}")
    return member(exchange.asked, f"/{name}", kind)


def budget_of(exchange: Exchange) -> int:
    """Return the most tokens that a request allows, by whichever name; raises NotApplicable where it tells none."""
    names = ("max_completion_tokens", "max_tokens")
    told = [name for name in names if find(request_of(exchange), f"/{name}") not in (ABSENT, None)]
    return request_member(exchange, (*told, *names)[0], int)


def declared(exchange: Exchange) -> dict[str, Any]:
    """Return the functions that a request and its messages declare, by name; what is no declaration is left out.

    Raises NotApplicable where no function is declared.
    """
    messages = find(request_of(exchange), "/messages")
    speakers = [exchange.asked, *(messages if isinstance(messages, list) else [])]
    listed = [tools for speaker in speakers if isinstance(tools := find(speaker, "/tools"), list)]
    functions = [find(tool, "/function") for tools in listed for tool in tools]
    known = {function["name"]: function for function in functions if isinstance(find(function, "/name"), str)}
    if not known:
        raise NotApplicable("the request declares no function")
    return known


def letters(text: str) -> str:
    """Return a text without case, spaces, quotes and marks: a repetition is one however it is set."""
    return re.sub(r"[\W_]+", "", text).casefold()
