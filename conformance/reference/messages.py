"""The messages of a chat: which conversations are taken, and with what words the others are refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Container
from typing import Any

from conformance.reference import tools
from conformance.reference.answers import invalid
from conformance.reference.behaviour import has
from conformance.vocabulary import Announcement

ROLES = ("system", "user", "assistant", "tool")
_MEDIA = {"image_url": "image", "video_url": "video"}
# The formats are those of https://platform.kimi.ai/docs/guide/use-kimi-vision-model.
_DATA = {
    "image": re.compile(r"data:image/(?:jpe?g|png|gif|webp|bmp|heic|heif);base64,[0-9A-Za-z+/]"),
    "video": re.compile(r"data:video/(?:mp4|mpeg|mov|quicktime|avi|x-flv|mpg|webm|wmv|3gpp);base64,[0-9A-Za-z+/]"),
}
_SHOWN = 100


def checked(value: object, model: Announcement, files: Container[str]) -> list[dict[str, Any]]:
    """Return the messages of a request; raises Refused."""
    if value is not None and not isinstance(value, list):
        raise invalid("Invalid request: messages must be an array")
    if not value:
        raise invalid("Invalid request: messages must not be empty")
    called: set[str] = set()
    for position, message in enumerate(value):
        if not isinstance(message, dict):
            raise invalid(f"Invalid request: the message at position {position} must be an object")
        role = message.get("role")
        if role not in ROLES:
            raise invalid(f"Invalid request: invalid role: {role}, only {', '.join(ROLES)} are supported")
        _texts(message, position)
        _content(message, position, model, files)
        _tools(message, position, model)
        _calls(message, position, called)
        _partial(message, last=position == len(value) - 1)
    return value


def text_of(message: dict[str, Any]) -> str:
    """Return the text in a message, without its pictures and films."""
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def last_text(conversation: list[dict[str, Any]], role: str) -> str:
    """Return the text of the last message of a role, or nothing."""
    return next((text_of(message) for message in reversed(conversation) if message["role"] == role), "")


def results(conversation: list[dict[str, Any]]) -> list[str]:
    """Return the texts of the results of tools that a conversation ends with."""
    last = itertools.takewhile(lambda message: message["role"] == "tool", reversed(conversation))
    return [text_of(message) for message in last][::-1]


def must_replay_reasoning(conversation: list[dict[str, Any]]) -> None:
    """Raise Refused where a call of a tool is sent back without the reasoning that led to it; an empty one will do."""
    for position, message in enumerate(conversation):
        if message.get("tool_calls") and not isinstance(message.get("reasoning_content"), str):
            missing = "thinking is enabled but reasoning_content is missing in assistant tool call message"
            raise invalid(f"{missing} at index {position}")


def _texts(message: dict[str, Any], position: int) -> None:
    for member in ("name", "reasoning_content"):
        if message.get(member) is not None and not isinstance(message[member], str):
            raise invalid(f"Invalid request: {member} of the message at position {position} must be a string")


def _content(message: dict[str, Any], position: int, model: Announcement, files: Container[str]) -> None:
    content = message.get("content")
    if content is None or content == "" or content == []:
        calls = message["role"] == "assistant" and (message.get("tool_calls") or message.get("partial"))
        if not (calls or message.get("tools") is not None or (message["role"] == "tool" and content == "")):
            raise invalid(
                f"Invalid request: message at position {position} with role '{message['role']}' must not be empty"
            )
    elif isinstance(content, list):
        for part in content:
            _part(part, model, files)
    elif not isinstance(content, str):
        raise invalid(f"Invalid request: content of the message at position {position} must be a string or an array")


def _part(part: object, model: Announcement, files: Container[str]) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(part, dict) or kind not in ("text", *_MEDIA):
        raise invalid(f"Invalid request: invalid part type: {kind}")
    if kind == "text":
        if not isinstance(part.get("text"), str):
            raise invalid("Invalid request: text of a text part must be a string")
        return
    medium = _MEDIA[kind]
    payload = part.get(kind)
    url = payload.get("url") if isinstance(payload, dict) else payload
    if not isinstance(url, str) or not (_DATA[medium].match(url) or _stored(url, files)):
        raise invalid(f"Invalid request: unsupported {medium} url: {str(url)[:_SHOWN]}")
    if medium not in model.modalities:
        raise invalid(f"Invalid request: {medium} input is not supported by the model {model.id}")


def _stored(url: str, files: Container[str]) -> bool:
    return url.startswith("ms://") and url.removeprefix("ms://") in files


def _tools(message: dict[str, Any], position: int, model: Announcement) -> None:
    if message.get("tools") is None:
        return
    if message["role"] != "system" or not has(model, "dynamic-tools"):
        raise invalid(f"Invalid request: tools are not allowed in the message at position {position}")
    if message.get("content"):
        raise invalid(f"Invalid request: tools cannot be used with content in the message at position {position}")
    tools.checked(message["tools"], kinds=("function",))


def _calls(message: dict[str, Any], position: int, called: set[str]) -> None:
    if message["role"] == "tool":
        wanted = message.get("tool_call_id")
        # An empty id was seen in the wild, and stands for the call that bears it; a missing one stands for none.
        if not isinstance(wanted, str) or wanted not in called:
            raise invalid(f"Invalid request: tool_call_id {'' if wanted is None else wanted} is not found")
    calls = message.get("tool_calls")
    if calls is None:
        return
    if message["role"] != "assistant" or not isinstance(calls, list):
        raise invalid(f"Invalid request: tool_calls of the message at position {position} are not valid")
    for call in calls:
        made = call.get("id") if isinstance(call, dict) else None
        if not isinstance(made, str) or not isinstance(call.get("function"), dict):
            raise invalid(f"Invalid request: tool_calls of the message at position {position} are not valid")
        if made in called:
            raise invalid(f"Invalid request: tool call id {made} is duplicated")
        called.add(made)


def _partial(message: dict[str, Any], *, last: bool) -> None:
    partial = message.get("partial")
    if partial is not None and not isinstance(partial, bool):
        raise invalid("Invalid request: partial must be a boolean")
    if partial and not (last and message["role"] == "assistant"):
        raise invalid("Invalid request: partial is allowed in the last assistant message only")
