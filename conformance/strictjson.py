"""JSON as RFC 8259 has it: no NaN, no duplicate member, bounded depth and numbers, UTF-8 only.

Python's reader accepts more than the standard; an answer that only a lenient reader can read is evidence of a fault.
"""

from __future__ import annotations

import json
import math
from collections import Counter
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
    start = len(text) - len(text.lstrip(_BLANK))
    if start == len(text):
        raise NotStrictJSON("empty")
    try:
        value, end = _SCAN(text, start)
    except StopIteration as stop:
        raise _broken(text, stop.value, "a value is missing") from None
    except json.JSONDecodeError as error:
        raise _broken(text, error.pos, error.msg.removesuffix(" at")) from None
    except RecursionError:
        raise NotStrictJSON(f"nested deeper than {DEPTH_LIMIT}") from None
    except NotStrictJSON:
        raise
    except ValueError as error:  # a number with too many digits for int()
        raise NotStrictJSON(str(error)) from None
    if text[end:].strip(_BLANK):
        raise _broken(text, end, "something stands behind the value")
    if text.count("[") + text.count("{") > DEPTH_LIMIT and _depth(value) > DEPTH_LIMIT:
        raise NotStrictJSON(f"nested deeper than {DEPTH_LIMIT}")
    return value


def _broken(text: str, position: int, what: str) -> NotStrictJSON:
    offset = len(text[:position].encode("utf-8", "surrogatepass"))
    return NotStrictJSON(what, f"byte {offset}")


def canonical(value: object) -> str:
    """Return the one text of a JSON value: members sorted, no blanks; ``1``, ``1.0`` and ``true`` stay apart."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        (twice, _), *_rest = Counter(name for name, _ in pairs).most_common(1)
        raise NotStrictJSON(f"member {twice!r} stands twice in one object")
    return members


def _constant(name: str) -> NoReturn:
    raise NotStrictJSON(f"{name} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotStrictJSON(f"{text[:40]} is more than a double holds")
    return number


# What JSONDecoder.decode calls between two regular expressions for blanks, which cost as much again on short texts.
_STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant, parse_float=_number)
_SCAN = _STRICT.scan_once  # type: ignore[attr-defined]
_BLANK = " \t\n\r"


def _depth(value: object) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, dict | list):
            deepest = max(deepest, depth)
            todo.extend((child, depth + 1) for child in (node.values() if isinstance(node, dict) else node))
    return deepest
