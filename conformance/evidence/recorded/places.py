"""Which endpoint an answer is of: told by method and path where they are known, else by its shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Body = dict[str, Any]

BALANCES = frozenset({"available_balance", "voucher_balance", "cash_balance"})
ACCOUNT = frozenset({"organization", "access_key", "user_group_id"})
MODEL = frozenset({"context_length", "owned_by", "supports_image_in", "supports_video_in", "supports_reasoning"})
FILE = frozenset({"filename", "purpose"})
CONVERSE_EVENTS = frozenset({"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop",
                             "messageStop", "metadata"})  # fmt: skip


def place(body: object) -> str | None:
    """Return the endpoint that a JSON body looks like an answer of, or None where nothing tells.

    An answer that breaks its contract must still be placed, so each shape asks for as little as sets it apart. Shapes
    of other APIs have names too: they are known not to be of this one.
    """
    if not isinstance(body, dict):
        return None
    return next((endpoint for endpoint, looks in SHAPES if looks(body)), None)


def place_request(method: str, url: str) -> str | None:
    """Return the endpoint that a request goes to, told by its method and the end of its path, or None."""
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return None
    return next((name for verb, end, name in ROUTES if verb == method.upper() and end.search(path)), None)


def is_error(body: object) -> bool:
    """Tell whether a JSON body is one of the error envelopes: the API's, the gateway's or the Anthropic face's."""
    if not isinstance(body, dict) or "choices" in body or "custom_id" in body:
        return False
    error = body.get("error")
    return isinstance(error, dict) or (isinstance(error, str) and bool(body.keys() & {"code", "message", "scode"}))


def _tagged(tag: str) -> Callable[[Body], bool]:
    return lambda body: body.get("object") == tag


def _items(body: Body) -> list[Body]:
    data = body.get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def _lists(tag: str, members: frozenset[str]) -> Callable[[Body], bool]:
    return lambda body: any(item.get("object") == tag or members & item.keys() for item in _items(body))


def _data(members: frozenset[str]) -> Callable[[Body], bool]:
    return lambda body: isinstance(body.get("data"), dict) and bool(members & body["data"].keys())


def _choices(member: str) -> Callable[[Body], bool]:
    def looks(body: Body) -> bool:
        choices = body.get("choices")
        return isinstance(choices, list) and any(isinstance(choice, dict) and member in choice for choice in choices)

    return looks


def _is_chat(body: Body) -> bool:
    return "choices" in body or str(body.get("id", "")).startswith(("chatcmpl-", "cmpl-"))


def _is_usages(body: Body) -> bool:
    usage = body.get("usage")
    return "totalQuota" in body or (isinstance(usage, dict) and "limit" in usage and "resetTime" in usage)


SHAPES: tuple[tuple[str, Callable[[Body], bool]], ...] = (
    ("batches.output", lambda body: "custom_id" in body and bool(body.keys() & {"response", "error"})),
    ("batches.input", lambda body: "custom_id" in body and bool(body.keys() & {"body", "url"})),
    ("chat.completions", _tagged("chat.completion")),
    ("chat.completions.chunk", _tagged("chat.completion.chunk")),
    ("chat.completions", _choices("message")),
    ("chat.completions.chunk", _choices("delta")),
    ("responses", _tagged("response")),
    ("error", is_error),
    ("anthropic.messages", lambda body: body.get("type") == "message" and "role" in body),
    ("bedrock.converse", lambda body: "stopReason" in body and "output" in body),
    ("bedrock.converse-stream", lambda body: len(body) == 1 and bool(CONVERSE_EVENTS & body.keys())),
    ("kimi-code.usages", _is_usages),
    ("chat.completions", _is_chat),
    ("models.list", _lists("model", MODEL)),
    ("files.list", _lists("file", FILE)),
    ("batches.list", _lists("batch", frozenset({"input_file_id", "request_counts"}))),
    ("batches.list", lambda body: body.get("object") == "list" and "has_more" in body),
    ("models.entry", _tagged("model")),
    ("batches.retrieve", _tagged("batch")),
    ("batches.retrieve", lambda body: "input_file_id" in body and bool(body.keys() & {"id", "request_counts"})),
    ("files.delete", lambda body: "deleted" in body),
    ("files.content", lambda body: "content" in body and bool(body.keys() & {"file_type", "filename"})),
    ("files.create", _tagged("file")),
    ("files.create", lambda body: "filename" in body or ("bytes" in body and "purpose" in body)),
    ("balance", _data(BALANCES)),
    ("balance", lambda body: bool(BALANCES & body.keys())),
    ("tokens.estimate", _data(frozenset({"total_tokens"}))),
    ("users.me", _data(ACCOUNT)),
    ("models.entry", lambda body: "id" in body and bool(MODEL & body.keys())),
    ("balance", lambda body: "scode" in body and "data" in body),
)
"""Shape by shape, the first that fits; the last is the balance envelope that reports a failure of its own."""


def _routes(*rows: tuple[str, str, str]) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    return tuple((method, re.compile(f"(?:^|/){end}$"), endpoint) for method, end, endpoint in rows)


# Names of single things are asked for below a version only: any web page's picture may lie in a folder "files".
ROUTES = _routes(
    ("GET", r"anthropic/v\d\w*/models", "anthropic.models"),
    ("POST", "chat/completions", "chat.completions"),
    ("GET", "models", "models.list"),
    ("GET", r"v\d\w*/models/.+", "models.entry"),
    ("GET", "users/me/balance", "balance"),
    ("GET", "users/me", "users.me"),
    ("POST", "tokenizers/estimate-token-count", "tokens.estimate"),
    ("POST", "files", "files.create"),
    ("GET", "files", "files.list"),
    ("GET", r"v\d\w*/files/[^/]+", "files.retrieve"),
    ("DELETE", r"v\d\w*/files/[^/]+", "files.delete"),
    ("GET", r"files/[^/]+/content", "files.content"),
    ("POST", "batches", "batches.create"),
    ("GET", "batches", "batches.list"),
    ("GET", r"v\d\w*/batches/[^/]+", "batches.retrieve"),
    ("POST", r"batches/[^/]+/cancel", "batches.cancel"),
    ("POST", "responses", "responses"),
    ("POST", "messages", "anthropic.messages"),
    ("GET", "usages", "kimi-code.usages"),
    ("POST", "converse", "bedrock.converse"),
    ("POST", "converse-stream", "bedrock.converse-stream"),
)
"""Method, end of the path, endpoint; a refusal stays with the endpoint that was asked."""
