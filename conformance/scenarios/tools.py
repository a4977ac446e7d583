"""Tools: called, called side by side, answered, forced and forbidden."""

from typing import Any

from conformance.contract import ledger
from conformance.evidence.api import Api
from conformance.judge.samples import Rate
from conformance.scenarios import scenario
from conformance.scenarios.chat import user
from conformance.vocabulary import CouldNotCheck, Exchange, find

CHAT = "chat.completions"
CALLED = "tools.called-when-asked"
DEGREES = "18"
RESULT = f"{DEGREES} degrees and sunny"
BUDGET: dict[str, Any] = {"max_completion_tokens": 256}
# The same prompt is asked several times, so that its prefix can be read from the cache.
KEYED: dict[str, Any] = {"prompt_cache_key": "kimi-conformance"}


def tool(name: str, description: str, **more: object) -> dict[str, Any]:
    """Return the definition of a tool whose one parameter is a city."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters, **more},
    }


WEATHER = tool("get_weather", "Tell the weather in a city.", strict=True)
TIME = tool("get_time", "Tell the time in a city.")
ASK = user("Call the tool get_weather for the city of Paris.")
ASK_TWICE = user("Call the tool get_weather for the city of Paris, and also the tool get_time for the city of Rome.")


def calls_of(exchange: Exchange) -> list[Any]:
    """Return the tool calls of the first choice of a whole answer, none where there is none."""
    try:
        calls = find(exchange.json, "/choices/0/message/tool_calls")
    except CouldNotCheck:
        return []
    return calls if isinstance(calls, list) else []


@scenario("tools.call", CHAT, spends=(5, 1000, 1280), shows="chat.tool-call")
def call(api: Api) -> None:
    """Ask for a call of a tool until it is clear how often one comes, then answer the last call and let go on."""
    clause, rate, answer = ledger.clauses()[CALLED], Rate(0, 0), None
    while rate.asked < clause.samples and rate.clear(clause.at_least) is None:
        said = api.chat(ASK, tools=[WEATHER], **KEYED, **{**api.think, **BUDGET})
        rate = rate.with_sample(held=bool(calls_of(said)))
        if said.response is None or said.response.status != 200:
            return
        answer = said if calls_of(said) else answer
    if answer is not None:
        api.chat(ASK, *answered(answer), tools=[WEATHER], **KEYED, **{**api.think, **BUDGET})


def answered(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the message of an answer as it came, reasoning too, and a result for each of its calls."""
    message = exchange.at("/choices/0/message", dict)
    results = [
        {"role": "tool", "tool_call_id": find(call, "/id"), "content": RESULT}
        for call in calls_of(exchange)
        if isinstance(find(call, "/id"), str)
    ]
    return [message, *results]


@scenario("tools.parallel", CHAT, spends=(1, 300, 256), shows="tools.parallel")
def parallel(api: Api) -> None:
    """Ask for calls of two tools at once."""
    api.chat(ASK_TWICE, tools=[WEATHER, TIME], **BUDGET)


@scenario("tools.none", CHAT, spends=(1, 500, 128))
def none(api: Api) -> None:
    """Ask for a call of a tool and forbid it, after calls whose ids have every shape that was ever seen."""
    history = [message for number, name in enumerate(ID_SHAPES) for message in _called(name, number)]
    api.chat(ASK, *history, ASK, tools=[WEATHER], tool_choice="none")


@scenario(
    "tools.required",
    CHAT,
    spends=(1, 200, 256),
    needs=("forced-call",),
    control="chat.one-word",
    shows="tools.required",
)
def required(api: Api) -> None:
    """Ask what needs no tool, and have one called nevertheless."""
    api.chat(user("Say hello."), tools=[WEATHER], tool_choice="required", **BUDGET)


@scenario(
    "tools.named", CHAT, spends=(1, 300, 256), needs=("named-call",), control="chat.one-word", shows="tools.named"
)
def named(api: Api) -> None:
    """Ask what needs no tool, and have one of two called that is named in tool_choice alone."""
    choice = {"type": "function", "function": {"name": "get_time"}}
    api.chat(user("Say hello."), tools=[WEATHER, TIME], tool_choice=choice, **BUDGET)


@scenario("tools.dynamic", CHAT, spends=(1, 300, 256), needs=("dynamic-tools",), shows="tools.dynamic")
def dynamic(api: Api) -> None:
    """Ask for a call of a tool that a system message brings along."""
    api.chat({"role": "system", "content": "", "tools": [WEATHER]}, ASK)


# Shapes of the ids of tool calls: those of https://github.com/MoonshotAI/K2-Vendor-Verifier and of the guides of
# https://platform.kimi.ai/docs, and what the service answered itself.
ID_SHAPES = ("functions.get_weather:0", "get_weather:1", "get_weather_2", "call_3f9d2c", "7")


def _called(name: str, number: int) -> list[dict[str, Any]]:
    arguments = f'{{"city":"City {number}"}}'
    made = {"id": name, "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    message = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": [made]}
    return [message, {"role": "tool", "tool_call_id": name, "content": RESULT}]
