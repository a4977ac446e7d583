"""LiteLLM asks through its own provider for Moonshot."""

import asyncio
import json
import sys
from typing import Any

import litellm
from pydantic import BaseModel
from telling import ASKED, raised, said, tell

litellm.suppress_debug_info = True
ASK = {"model": f"moonshot/{ASKED['model']}", "api_base": sys.argv[1], "api_key": ASKED["key"], "max_retries": 0}
TOOLS = [{"type": "function", "function": ASKED["weather"]}]


class Person(BaseModel):
    """A person as the structured answer must tell it."""

    name: str
    age: int


def chat() -> dict[str, Any]:
    return told(litellm.completion(**ASK, messages=said(ASKED["one_word"])))


def asynchronous() -> dict[str, Any]:
    return told(asyncio.run(litellm.acompletion(**ASK, messages=said(ASKED["one_word"]))))


def told(answer: Any) -> dict[str, Any]:
    choice, usage = answer.choices[0], answer.usage
    return {
        "content": choice.message.content,
        "reasoning": choice.message.reasoning_content,
        "finish_reason": choice.finish_reason,
        "sum": usage.prompt_tokens + usage.completion_tokens,
        "total": usage.total_tokens,
    }


def stream() -> dict[str, Any]:
    options = {"include_usage": True}
    chunks = list(litellm.completion(**ASK, messages=said(ASKED["long"]), stream=True, stream_options=options))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    whole = litellm.stream_chunk_builder(chunks)
    return {
        "content": [choice.delta.content for choice in choices if choice.delta.content],
        "reasoning": [part for choice in choices if (part := getattr(choice.delta, "reasoning_content", None))],
        "finish_reasons": [choice.finish_reason for choice in choices if choice.finish_reason],
        "usages": [usage.total_tokens for chunk in chunks if (usage := getattr(chunk, "usage", None))],
        "built": whole.choices[0].message.content,
    }


def tools() -> dict[str, Any]:
    conversation: list[Any] = said(ASKED["weather_wanted"])
    asking = litellm.completion(**ASK, messages=conversation, tools=TOOLS).choices[0]
    calls = asking.message.tool_calls
    conversation.append(asking.message)
    conversation += [{"role": "tool", "tool_call_id": call.id, "content": ASKED["weather_told"]} for call in calls]
    answering = litellm.completion(**ASK, messages=conversation, tools=TOOLS).choices[0]
    return {
        "names": [call.function.name for call in calls],
        "arguments": [json.loads(call.function.arguments) for call in calls],
        "finish_reason": asking.finish_reason,
        "answer": answering.message.content,
    }


def structured() -> dict[str, Any]:
    answer = litellm.completion(**ASK, messages=said(ASKED["person_wanted"]), response_format=Person)
    return Person.model_validate_json(answer.choices[0].message.content).model_dump()


def wrong_key() -> str:
    wrong = ASK | {"api_key": ASKED["wrong_key"]}
    return type(raised(lambda: litellm.completion(**wrong, messages=said(ASKED["one_word"])))).__name__


def unknown_model() -> str:
    wrong = ASK | {"model": "moonshot/kimi-k99"}
    return type(raised(lambda: litellm.completion(**wrong, messages=said(ASKED["one_word"])))).__name__


def empty_message() -> str:
    return type(raised(lambda: litellm.completion(**ASK, messages=said("")))).__name__


tell(chat, asynchronous, stream, tools, structured, wrong_key, unknown_model, empty_message)
