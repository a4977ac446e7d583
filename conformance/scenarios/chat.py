"""Whole answers of the chat endpoint; each call is the cheapest that shows what is to be seen."""

import base64
import struct
import zlib
from typing import Any

from conformance.evidence.api import Api
from conformance.scenarios import scenario


def user(text: str) -> dict[str, Any]:
    """Return a user message."""
    return {"role": "user", "content": text}


HELLO = user("Reply with exactly one word: hello")
# Much to say, and a budget of few tokens for it.
MUCH = user("Count from one to one hundred in words, separated by commas.")
CUT: dict[str, Any] = {"max_completion_tokens": 8}


@scenario("chat.one-word", "chat.completions", spends=(1, 150, 128))
def one_word(api: Api) -> None:
    """Ask for one word, and for a signature."""
    api.chat(HELLO, nonce=api.nonce)


RULES = {
    "role": "system",
    "content": "Answer in lower case. Add no explanation, no greeting and no question of your own.",
}


@scenario("chat.cut-by-budget", "chat.completions", spends=(1, 200, 8))
def cut_by_budget(api: Api) -> None:
    """Ask for much, with rules in a system message, thinking where the model does, and a budget of few tokens."""
    # No nonce at all, as the documentation has it: exactly one value that is not empty asks for a signature.
    api.chat(RULES, MUCH, nonce="", **{**api.think, **CUT})


@scenario("chat.vision", "chat.completions", spends=(1, 1200, 128), needs=("image",), control="chat.one-word")
def vision(api: Api) -> None:
    """Show a small picture in a data URL."""
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture_of_one_colour()}"}}
    question = {"type": "text", "text": "Name the colour of this picture. Reply with exactly one word: red"}
    api.chat({"role": "user", "content": [picture, question]})


def picture_of_one_colour(side: int = 32) -> str:
    """Return a red PNG with sides of so many pixels, in base64."""
    rows = (b"\0" + b"\xff\0\0" * side) * side
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()
