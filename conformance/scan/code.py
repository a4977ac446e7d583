"""Python, JavaScript, TypeScript, JSON and TOML as groups of members, by one lexer; and .env files.

No grammar: brackets, keys and values are enough, so that a file of any version, or half written, can be read. Comments
are prose and are passed over. Every pattern takes time in proportion to the text, and nothing is recursive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.scan.tree import Group, Member, Scalar, check_size, open_under

# What stands behind a dot belongs to one word, as in `client.chat.create`.
_WORD = r"(?P<word>[^\W\d][\w$]*+(?:\.[\w$]++)*+|\$[\w$]*+)"
_MARK = r"""
 (?P<number>(?<![\w.])-?\d[\d_]*+(?:\.\d++)?(?:[eE][+-]?\d++)?(?![\w.]))
|(?P<open>[(\[{])|(?P<close>[)\]}])
|(?P<operator>===?|!==?|<=|>=|=>|:=|->|::|\?\.|\?\?|\|\||&&|[+*/%-]=)
|(?P<set>\?:|[:=])
|(?P<end>[,;])
|(?P<line>\n)
|(?P<other>\S)
"""
# A text that is never closed ends with its line, or with the file.
_SHORT = r"""(?P<quote>"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?)"""
_TRIPLE = r'''(?P<long>"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|\'\'\'(?:[^'\\]++|\\.|'(?!\'\'))*+(?:\'\'\')?)'''
_TEMPLATE = r"(?P<template>`(?:[^`\\]++|\\.)*+`?)"
_HASH = r"(?P<comment>\#[^\n]*+)"
_SLASHES = r"(?P<comment>//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?)"


def _lexer(*parts: str) -> re.Pattern[str]:
    return re.compile(rf"[^\S\n]*+(?:{'|'.join((_WORD, *parts, _MARK))})", re.VERBOSE | re.DOTALL)


_LEXERS = {
    "python": _lexer(_HASH, _TRIPLE, _SHORT),
    "toml": _lexer(_HASH, _TRIPLE, _SHORT),
    "javascript": _lexer(_SLASHES, _TEMPLATE, _SHORT),
    "json": _lexer(_SLASHES, _SHORT),
}
# How many characters open a text of each kind, and close it.
_TEXTS = {"quote": 1, "template": 1, "long": 3}
_CLOSES = {")": "(", "]": "[", "}": "{"}
_LEFT_OPEN = 8
_SOMETIMES = 256
_HEADING = re.compile(r"[ \t]*+\[\[?([^\[\]\n]++)\]\]?[ \t]*+(?:#[^\n]*+)?(?:\n|\Z)")
_ENV_LINE = re.compile(r"^[ \t]*+(?:export[ \t]++)?([A-Za-z_][\w.]*+)[ \t]*+=[ \t]*+([^\n]*)", re.MULTILINE)
_ENV_VALUE = re.compile(r"""(["'])(.*?)\1|(?:[^\s#]++|\s++(?![\s#]))*+""")


def read(text: str, language: str) -> Group:
    """Return what a text says in a language: python, javascript, json, toml or env."""
    return _env(text) if language == "env" else _Reader(language).read(text)


def _env(text: str) -> Group:
    root = Group()
    for line in _ENV_LINE.finditer(text):
        member = root.add(line[1], line.start(1))
        found = _ENV_VALUE.match(line[2])
        assert found, "the pattern takes the empty text, too"
        value = found[2] if found[1] else found[0]
        member.values.append(Scalar(value, line.start(2) + bool(found[1]), member))
        member.tokens = 1
    return root


@dataclass(slots=True)
class _Open:
    """A group that has begun: its bracket, the member that values go to, and the ``?`` that still want their ``:``."""

    bracket: str
    group: Group
    member: Member | None = None
    choices: int = 0
    annotated: bool = False


class _Reader:
    """The open groups, and the last value, which is a key if a colon or an equals sign comes next."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.root = Group()
        self.open_ = [_Open("", self.root)]
        self.tables: dict[str, Group] = {}
        self.last: tuple[str, int, bool] | None = None
        self.last_word = ""

    def read(self, text: str) -> Group:
        """Return what a text says."""
        match, toml, count = _LEXERS[self.language].match, self.language == "toml", 0
        position = self._headings(text, 0) if toml else 0
        while found := match(text, position):
            position, count, kind = found.end(), count + 1, found.lastgroup or ""
            if kind != "comment":
                self._take(kind, found[kind], found.start(kind))
            if kind == "line" and toml and len(self.open_) == 1:
                position = self._headings(text, position)
            if not count % _SOMETIMES:
                check_size(count, len(self.open_))
        self._give()
        return self.root

    def _headings(self, text: str, position: int) -> int:
        while heading := _HEADING.match(text, position):
            names = [part.strip(" \t\"'") for part in heading[1].split(".")]
            prefixes = (tuple(names[:count]) for count in range(len(names) - 1, 0, -1))
            outer = next((self.tables[".".join(one)] for one in prefixes if ".".join(one) in self.tables), self.root)
            table = open_under(outer.add(names[-1], heading.start(1)))
            self.tables[".".join(names)] = table
            self.open_ = [_Open("", table)]
            position = heading.end()
        return position

    def _take(self, kind: str, mark: str, at: int) -> None:
        if kind in ("word", "number"):
            self._give()
            # Behind `def name` stand the defaults of parameters, which are not passed to anybody yet.
            self.last_word = "def" if self.last_word == "def " else mark + " " * (mark == "def")
            self.last = (mark, at, False)
        elif width := _TEXTS.get(kind):
            self._give()
            ended = len(mark) >= 2 * width and mark[-width:] == mark[:width]
            self.last = (mark[width : -width if ended else None], at + width, True)
        else:
            self._take_mark(kind, mark)

    def _take_mark(self, kind: str, mark: str) -> None:
        match kind:
            case "open":
                self._begin(mark)
            case "close":
                self._close(mark)
            case "set":
                self._set(mark)
            case "end":
                self._end()
            case "line":
                self._line()
            case "operator" | "other":
                self._operate(mark)

    def _give(self) -> None:
        """Give the last value to its member: what came behind it does not make it a key.

        A word without a key is kept only where it may be the name of a variable that holds one of the service's keys.
        """
        if self.last is None:
            return
        value, at, text = self.last
        self.last, member = None, self.open_[-1].member
        if text or member or "KEY" in value:
            member = member or self._member()
            member.tokens += 1
            member.values.append(Scalar(value, at, member, text))

    def _member(self) -> Member:
        here = self.open_[-1]
        if here.member is None:
            here.member = here.group.add()
        return here.member

    def _begin(self, mark: str) -> None:
        self._give()
        defaults = mark == "(" and self.last_word == "def"
        self.open_.append(_Open("(def" if defaults else mark, open_under(self._member())))

    def _close(self, mark: str) -> None:
        """Close what the bracket closes, and what was left open inside it, by a regular expression for one."""
        self._give()
        for back, here in enumerate(reversed(self.open_[1:][-_LEFT_OPEN:]), start=1):
            if _CLOSES[mark] == here.bracket[:1]:
                del self.open_[-back:]
                return

    def _set(self, mark: str) -> None:
        here = self.open_[-1]
        if mark == ":" and self._no_key(here):
            here.choices = max(0, here.choices - 1)
            self._operate("")
        elif mark == "=" and here.annotated and here.member:
            # `key: type = value`
            here.member.values.clear()
            here.member.tokens, here.annotated, self.last = 0, False, None
            here.member.passed = self._passed(here.bracket, mark)
        elif self.last is not None:
            key, at, _ = self.last
            key = key if self.last[2] else key.rpartition(".")[2]
            here.member = here.group.add(key, at, passed=self._passed(here.bracket, mark))
            here.annotated, self.last = mark != "=", None

    def _no_key(self, here: _Open) -> bool:
        """Tell whether what stands before a colon is a condition, a part of a slice or a case, and no key."""
        text = self.last is not None and self.last[2]
        if self.language == "python":
            return here.bracket == "[" or (here.bracket == "" and text)
        return here.choices > 0 or (self.language == "javascript" and text and self.last_word == "case")

    def _passed(self, bracket: str, mark: str) -> bool:
        return self.language in ("json", "toml") or (bracket, mark) in {("(", "="), ("{", ":")}

    def _operate(self, mark: str) -> None:
        self._give()
        if member := self.open_[-1].member:
            member.tokens += 1
        if mark == "?" and self.language == "javascript":
            self.open_[-1].choices += 1

    def _end(self) -> None:
        self._give()
        here = self.open_[-1]
        here.member, here.choices, here.annotated = None, 0, False

    def _line(self) -> None:
        """End a statement, where statements stand; an object of Python and JSON goes on until its comma."""
        here = self.open_[-1]
        here.annotated = False
        if self.language == "json" or (self.language == "python" and here.bracket):
            return
        said = self.last is not None or (here.member is not None and here.member.tokens)
        if here.bracket in ("", "{") and (said or self.language == "python"):
            self._end()
