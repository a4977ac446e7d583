"""LangChain asks through its package for OpenAI."""

import asyncio
import sys
from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from telling import ASKED, raised, tell

model = ChatOpenAI(model=ASKED["model"], base_url=sys.argv[1], api_key=ASKED["key"], max_retries=0)


class Person(BaseModel):
    """A person as the structured answer must tell it."""

    name: str
    age: int


def chat() -> dict[str, Any]:
    return told(model.invoke(ASKED["one_word"]))


def asynchronous() -> dict[str, Any]:
    return told(asyncio.run(model.ainvoke(ASKED["one_word"])))


def told(message: Any) -> dict[str, Any]:
    usage = message.usage_metadata
    return {
        "content": message.content,
        "finish_reason": message.response_metadata["finish_reason"],
        "sum": usage["input_tokens"] + usage["output_tokens"],
        "total": usage["total_tokens"],
        "reasoning_tokens": usage["output_token_details"]["reasoning"],
    }


def stream() -> dict[str, Any]:
    chunks = list(model.stream(ASKED["long"], stream_usage=True))
    whole = sum(chunks[1:], chunks[0])
    return {
        "content": [chunk.content for chunk in chunks if chunk.content],
        "finish_reason": whole.response_metadata["finish_reason"],
        "total": whole.usage_metadata["total_tokens"],
    }


def tools() -> dict[str, Any]:
    bound = model.bind_tools([{"type": "function", "function": ASKED["weather"]}])
    conversation: list[Any] = [HumanMessage(ASKED["weather_wanted"])]
    asking = bound.invoke(conversation)
    results = [ToolMessage(ASKED["weather_told"], tool_call_id=call["id"]) for call in asking.tool_calls]
    answering = bound.invoke([*conversation, asking, *results])
    return {
        "names": [call["name"] for call in asking.tool_calls],
        "arguments": [call["args"] for call in asking.tool_calls],
        "invalid": asking.invalid_tool_calls,
        "answer": answering.content,
    }


def structured() -> dict[str, Any]:
    return model.with_structured_output(Person, method="json_schema").invoke(ASKED["person_wanted"]).model_dump()


def structured_by_a_call() -> dict[str, Any]:
    # Its forced call names the function, which a model that thinks refuses.
    told_not_to_think = ChatOpenAI(
        model=ASKED["batch_model"],
        base_url=sys.argv[1],
        api_key=ASKED["key"],
        extra_body={"thinking": {"type": "disabled"}},
    )
    wanted = told_not_to_think.with_structured_output(Person, method="function_calling")
    return wanted.invoke(ASKED["person_wanted"]).model_dump()


def wrong_key() -> str:
    wrong = ChatOpenAI(model=ASKED["model"], base_url=sys.argv[1], api_key=ASKED["wrong_key"], max_retries=0)
    return type(raised(lambda: wrong.invoke(ASKED["one_word"]))).__name__


tell(chat, asynchronous, stream, tools, structured, structured_by_a_call, wrong_key)
