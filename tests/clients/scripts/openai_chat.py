"""The OpenAI SDK for Python asks for models, chats, streams, tools and structured answers."""

import json
import sys
from collections.abc import Iterable
from typing import Any

import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel
from telling import ASKED, raised, said, tell

client = openai.OpenAI(base_url=sys.argv[1], api_key=ASKED["key"], max_retries=0)
chats = client.chat.completions
MODEL = ASKED["model"]
TOOLS = [{"type": "function", "function": ASKED["weather"]}]


class Person(BaseModel):
    """A person as the structured answer must tell it."""

    name: str
    age: int
    languages: list[str]


def models() -> dict[str, Any]:
    page = client.models.list()
    return {"ids": [model.id for model in page], "kinds": sorted({model.object for model in page})}


def chat() -> dict[str, Any]:
    completion = chats.create(model=MODEL, messages=said(ASKED["one_word"]))
    ChatCompletion.model_validate(completion.model_dump())
    choice, usage = completion.choices[0], completion.usage
    return {
        "id": completion.id,
        "model": completion.model,
        "content": choice.message.content,
        "role": choice.message.role,
        "finish_reason": choice.finish_reason,
        "reasoning": choice.message.reasoning_content,
        "sum": usage.prompt_tokens + usage.completion_tokens,
        "total": usage.total_tokens,
    }


def cut() -> dict[str, Any]:
    completion = chats.create(model=MODEL, messages=said(ASKED["long"]), max_completion_tokens=2)
    return {"finish_reason": completion.choices[0].finish_reason, "tokens": completion.usage.completion_tokens}


def stream() -> dict[str, Any]:
    return streamed(chats.create(model=MODEL, messages=said(ASKED["long"]), stream=True))


def stream_with_usage() -> dict[str, Any]:
    options = {"include_usage": True}
    return streamed(chats.create(model=MODEL, messages=said(ASKED["long"]), stream=True, stream_options=options))


def streamed(chunks: Iterable[ChatCompletionChunk]) -> dict[str, Any]:
    arrived = list(chunks)
    for chunk in arrived:
        ChatCompletionChunk.model_validate(chunk.model_dump())
    choices = [choice for chunk in arrived for choice in chunk.choices]
    return {
        "content": [choice.delta.content for choice in choices if choice.delta.content],
        "reasoning": [part for choice in choices if (part := getattr(choice.delta, "reasoning_content", None))],
        "roles": [choice.delta.role for choice in choices if choice.delta.role],
        "finish_reasons": [choice.finish_reason for choice in choices if choice.finish_reason],
        "ids": sorted({chunk.id for chunk in arrived}),
        "usages": [chunk.usage.total_tokens for chunk in arrived if chunk.usage],
        "choice_usages": [usage["total_tokens"] for choice in choices if (usage := getattr(choice, "usage", None))],
        "without_choices": [position for position, chunk in enumerate(arrived, 1) if not chunk.choices],
        "chunks": len(arrived),
    }


def stream_helper() -> dict[str, Any]:
    options = {"include_usage": True}
    with chats.stream(model=MODEL, messages=said(ASKED["long"]), stream_options=options) as events:
        kinds = [event.type for event in events]
        completion = events.get_final_completion()
    return {
        "kinds": kinds,
        "content": completion.choices[0].message.content,
        "finish_reason": completion.choices[0].finish_reason,
        "total": completion.usage.total_tokens,
    }


def tools() -> dict[str, Any]:
    conversation: list[Any] = said(ASKED["weather_wanted"])
    asking = chats.create(model=MODEL, messages=conversation, tools=TOOLS).choices[0]
    calls = asking.message.tool_calls
    conversation.append(asking.message)
    conversation += [{"role": "tool", "tool_call_id": call.id, "content": ASKED["weather_told"]} for call in calls]
    answering = chats.create(model=MODEL, messages=conversation, tools=TOOLS).choices[0]
    return called(calls) | {
        "finish_reason": asking.finish_reason,
        "answer": answering.message.content,
        "answer_finish_reason": answering.finish_reason,
    }


def tool_required() -> dict[str, Any]:
    wanted = {"model": MODEL, "messages": said(ASKED["one_word"]), "tools": TOOLS}
    forced = chats.create(**wanted, tool_choice="required").choices[0]
    free = chats.create(**wanted, tool_choice="none").choices[0]
    return called(forced.message.tool_calls) | {"without": free.message.tool_calls}


def tools_streamed() -> dict[str, Any]:
    wanted = {"model": MODEL, "messages": said(ASKED["weather_wanted"]), "tools": TOOLS}
    with chats.stream(**wanted) as events:
        kinds = [event.type for event in events]
        choice = events.get_final_completion().choices[0]
    return called(choice.message.tool_calls) | {"kinds": kinds, "finish_reason": choice.finish_reason}


def called(calls: Iterable[Any]) -> dict[str, Any]:
    return {
        "names": [call.function.name for call in calls],
        "arguments": [json.loads(call.function.arguments) for call in calls],
        "call_ids": [call.id for call in calls],
    }


def parsed() -> dict[str, Any]:
    message = chats.parse(model=MODEL, messages=said(ASKED["person_wanted"]), response_format=Person).choices[0].message
    return {"is_person": isinstance(message.parsed, Person), "content": json.loads(message.content)}


def parsed_from_stream() -> dict[str, Any]:
    with chats.stream(model=MODEL, messages=said(ASKED["person_wanted"]), response_format=Person) as events:
        return {"is_person": isinstance(events.get_final_completion().choices[0].message.parsed, Person)}


def parsed_cut() -> str:
    wanted = {"model": MODEL, "messages": said(ASKED["person_wanted"]), "max_completion_tokens": 2}
    return type(raised(lambda: chats.parse(**wanted, response_format=Person))).__name__


tell(
    models, chat, cut, stream, stream_with_usage, stream_helper,
    tools, tool_required, tools_streamed, parsed, parsed_from_stream, parsed_cut,
)  # fmt: skip
