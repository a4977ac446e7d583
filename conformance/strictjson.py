"""JSON as RFC 8259 has it: no NaN, no duplicate member, bounded depth, UTF-8 only.

Python's reader accepts more than the standard; an answer that only a lenient reader can read is evidence of a fault.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

DEPTH_LIMIT = 200


class NotStrictJSON(ValueError):
    """The bytes are not strict JSON; ``where`` is the byte offset, or empty where the whole is meant."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where


def loads(text: bytes | str) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value that the text holds; raises NotStrictJSON and nothing else."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotStrictJSON(f"not UTF-8: {error.reason}", f"byte {error.start}") from None
    if not text.strip():
        raise NotStrictJSON("empty")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "surrogatepass"))
        raise NotStrictJSON(f"{error.msg}, line {error.lineno} column {error.colno}", f"byte {offset}") from None
    except RecursionError:
        raise NotStrictJSON(f"nested deeper than {DEPTH_LIMIT}") from None
    except NotStrictJSON:
        raise
    except ValueError as error:  # a number with too many digits for int()
        raise NotStrictJSON(str(error)) from None
    if text.count("[") + text.count("{") > DEPTH_LIMIT and _depth(value) > DEPTH_LIMIT:
        raise NotStrictJSON(f"nested deeper than {DEPTH_LIMIT}")
    return value


def canonical(value: object) -> str:
    """Return the one text of a JSON value: members sorted, no blanks; ``1``, ``1.0`` and ``true`` stay apart."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotStrictJSON(f"member {twice!r} stands twice in one object")
    return members


def _constant(name: str) -> NoReturn:
    raise NotStrictJSON(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant)


def _depth(value: object) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, dict | list):
            deepest = max(deepest, depth)
            todo.extend((child, depth + 1) for child in (node.values() if isinstance(node, dict) else node))
    return deepest
