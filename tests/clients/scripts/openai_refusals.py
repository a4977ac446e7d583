"""The OpenAI SDK for Python is refused by a server, by one in a hurry, by one whose account is empty, in that order."""

import sys
import time
from collections.abc import Callable
from typing import Any

import openai
from telling import ASKED, raised, said, tell

URL, HURRIED, POOR = sys.argv[1:]
HELLO = {"model": ASKED["model"], "messages": said(ASKED["one_word"])}


def client(url: str = URL, key: str = ASKED["key"], retries: int = 0) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key=key, max_retries=retries)


def refused(call: Callable[[], Any]) -> dict[str, Any]:
    error = raised(call)
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "type": getattr(error, "type", None),
        "message": str(error),
    }


def wrong_key() -> dict[str, Any]:
    return refused(lambda: client(key=ASKED["wrong_key"]).chat.completions.create(**HELLO))


def unknown_model() -> dict[str, Any]:
    return refused(lambda: client().chat.completions.create(**HELLO | {"model": "kimi-k99"}))


def wrong_temperature() -> dict[str, Any]:
    return refused(lambda: client().chat.completions.create(**HELLO, temperature=0.3))


def no_messages() -> dict[str, Any]:
    return refused(lambda: client().chat.completions.create(**HELLO | {"messages": []}))


def refused_stream() -> dict[str, Any]:
    return refused(lambda: client().chat.completions.create(**HELLO, temperature=0.3, stream=True))


def unknown_file() -> dict[str, Any]:
    return refused(lambda: client().files.retrieve("file_unknown"))


def unknown_route() -> dict[str, Any]:
    return refused(lambda: client().images.generate(prompt="a cat"))


def empty_purse() -> dict[str, Any]:
    return refused(lambda: client(POOR).chat.completions.create(**HELLO))


def rate_limited() -> dict[str, Any]:
    return refused(lambda: list(client(HURRIED).models.list()))


def retried() -> dict[str, Any]:
    begun = time.monotonic()
    completion = client(HURRIED, retries=2).chat.completions.create(**HELLO)
    return {"content": completion.choices[0].message.content, "seconds": time.monotonic() - begun}


tell(
    wrong_key, unknown_model, wrong_temperature, no_messages, refused_stream,
    unknown_file, unknown_route, empty_purse, rate_limited, retried,
)  # fmt: skip
