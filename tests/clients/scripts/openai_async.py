"""The asynchronous OpenAI SDK for Python does several things at once."""

import asyncio
import sys
from typing import Any

import openai
from telling import ASKED, said, tell

MODEL = ASKED["model"]
WORDS = ["one", "two", "three", "four"]


def at_once() -> dict[str, Any]:
    return asyncio.run(everything())


async def everything() -> dict[str, Any]:
    async with openai.AsyncOpenAI(base_url=sys.argv[1], api_key=ASKED["key"], max_retries=0) as client:
        chats = [chat(client, f"Answer with one word: {word}") for word in WORDS]
        contents = await asyncio.gather(*chats)
        listed, streamed, called = await asyncio.gather(models(client), stream(client), tools(client))
        return {"words": WORDS, "contents": contents, "models": listed, "stream": streamed, "called": called}


async def models(client: openai.AsyncOpenAI) -> list[str]:
    return [model.id async for model in client.models.list()]


async def chat(client: openai.AsyncOpenAI, content: str) -> str:
    completion = await client.chat.completions.create(model=MODEL, messages=said(content))
    return completion.choices[0].message.content


async def stream(client: openai.AsyncOpenAI) -> list[str]:
    chunks = await client.chat.completions.create(model=MODEL, messages=said(ASKED["long"]), stream=True)
    return [part async for chunk in chunks for choice in chunk.choices if (part := choice.delta.content)]


async def tools(client: openai.AsyncOpenAI) -> list[str]:
    wanted = {"messages": said(ASKED["weather_wanted"]), "tools": [{"type": "function", "function": ASKED["weather"]}]}
    completion = await client.chat.completions.create(model=MODEL, **wanted)
    return [call.function.name for call in completion.choices[0].message.tool_calls]


tell(at_once)
