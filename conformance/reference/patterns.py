"""Texts that a simple regular expression matches: characters and classes, each some times, no alternatives."""

from __future__ import annotations

import re

_ATOM = re.compile(
    r"(?P<what>\\.|\[[^\[\]\\^](?:\\.|[^\[\]\\])*\]|\[\\.(?:\\.|[^\[\]\\])*\]|[^\\\[\](){}*+?|^$])"
    r"(?P<often>\{(?P<least>\d{1,3})(?:,\d*)?\}|[*+?])?\??",
    re.DOTALL,
)
_CLASSES = {"d": "1", "D": "a", "w": "a", "W": " ", "s": " ", "S": "a", "n": "\n", "t": "\t", "r": "\r"}


def matching(pattern: str) -> str | None:
    """Return the shortest obvious text that a pattern matches, or None where the pattern is not simple."""
    text, position, end = "", int(pattern.startswith("^")), len(pattern)
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        end -= 1
    while position < end:
        atom = _ATOM.match(pattern, position, end)
        if atom is None:
            return None
        character = _character(atom["what"])
        if character is None:
            return None
        text += character * _times(atom["often"], atom["least"])
        position = atom.end()
    return text


def _character(atom: str) -> str | None:
    # The first member of a class is one of it.
    first = atom.removeprefix("[") if len(atom) > 1 else atom
    if first.startswith("\\"):
        return _CLASSES.get(first[1], None if first[1].isalnum() else first[1])
    return "a" if atom == "." else first[0]


def _times(often: str | None, least: str | None) -> int:
    if least is not None:
        return int(least)
    return 0 if often in ("*", "?") else 1
