"""What a file says, whatever its language: groups (a call, an object, a table) of members that have keys and values."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# What no file of people's own goes beyond; what does would take our memory.
DEEPEST = 1_000
MOST = 2_000_000


class Unreadable(Exception):
    """A file cannot be read as what its name says; the message tells why."""


@dataclass(eq=False, slots=True)
class Scalar:
    """One value: a text, or a word or number of the language; ``at`` is the offset of its first character."""

    value: str
    at: int
    member: Member
    text: bool = True


@dataclass(eq=False, slots=True)
class Member:
    """A key with its values, or a place in a list where the key is empty.

    ``at`` is the offset of the key. ``passed`` tells that the key names what is passed on, in a call or an object,
    and not a variable or a default. ``tokens`` counts what stands behind the key, so that a value that stands alone can
    be told from an expression.
    """

    group: Group
    key: str = ""
    at: int = 0
    passed: bool = True
    values: list[Scalar] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    tokens: int = 0

    @property
    def name(self) -> str:
        """The key as Python would write it: ``baseURL`` and ``BASE_URL`` are both ``base_url``."""
        return _HUMP.sub("_", self.key).replace("-", "_").lower()

    def literal(self) -> Scalar | None:
        """Return the value that stands alone behind the key, or None."""
        return self.values[0] if self.tokens == 1 and len(self.values) == 1 else None


@dataclass(eq=False, slots=True)
class Group:
    """What stands between two brackets, or under one heading; the outermost is the whole file."""

    parent: Member | None = None
    members: list[Member] = field(default_factory=list)

    def add(self, key: str = "", at: int = 0, *, passed: bool = True) -> Member:
        """Append a member and return it."""
        self.members.append(Member(self, key, at, passed))
        return self.members[-1]

    def named(self, *names: str) -> Member | None:
        """Return the first member of one of the names, or None."""
        return next((member for member in self.members if member.name in names), None)


def check_size(count: int, depth: int) -> None:
    """Raise Unreadable where a file holds more, or nests deeper, than is looked at."""
    if count > MOST:
        raise Unreadable(f"more than {MOST:,} words and marks")
    if depth > DEEPEST:
        raise Unreadable(f"nested deeper than {DEEPEST:,}")


def open_under(member: Member) -> Group:
    """Return a new group that is a value of a member."""
    group = Group(member)
    member.groups.append(group)
    member.tokens += 1
    return group


def groups(root: Group) -> Iterator[Group]:
    """Yield a group and all groups inside it, outer ones first."""
    waiting = [root]
    while waiting:
        group = waiting.pop()
        yield group
        waiting.extend(inner for member in reversed(group.members) for inner in reversed(member.groups))


def line_starts(text: str) -> list[int]:
    """Return the offset of the first character of each line."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def place(starts: list[int], at: int) -> tuple[int, int]:
    """Return the line and the column, both counted from 1, of an offset."""
    line = bisect_right(starts, at)
    return line, at - starts[line - 1] + 1
