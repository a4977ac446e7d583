"""Which files are looked at, and how their bytes become text; what is passed over, or cannot be read, is told."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from conformance.scan import code, yaml_text
from conformance.scan.rules import Complaint, complaints
from conformance.scan.tree import Unreadable, line_starts, place

# The language of a file by its ending. What is written for people (Markdown, text) is not here.
LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), "python"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"), "javascript"),
    **dict.fromkeys((".json", ".jsonc", ".json5"), "json"),
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    ".toml": "toml",
    ".env": "env",
}
NOT_ENTERED = frozenset(
    {
        "node_modules",
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "__pycache__",
        "site-packages",
        ".tox",
        ".nox",
        ".mypy_cache",
    }
)
_LOCKFILE = re.compile(r"package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|.*[.-]lock(\.\w+)?")
LARGEST = 8 * 1024 * 1024
# Whatever we look for stands beside one of these; a file without any is done.
_MARKS = (b"kimi-", b"moonshot")
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Found:
    """A complaint about a file; line and column are counted from 1, the column in characters."""

    file: str
    line: int
    column: int
    complaint: Complaint


@dataclass(slots=True)
class Scan:
    """What a scan came to: how much was read, what was found, and what was not looked at, and why."""

    files: int = 0
    size: int = 0
    found: list[Found] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)


def scan(paths: list[Path], day: date) -> Scan:
    """Look at files, and at all files in folders, as of a day."""
    result = Scan()
    for path in _files(paths, result):
        try:
            _look(path, day, result)
        except OSError as error:
            result.unread[str(path)] = (error.strerror or str(error)).lower()
        except Unreadable as error:
            result.unread[str(path)] = str(error)
    return result


def _files(paths: list[Path], result: Scan) -> Iterator[str]:
    seen: set[str] = set()
    for path in paths:
        for file in _folder(str(path), result) if path.is_dir() else [str(path)]:
            if (real := os.path.abspath(file)) not in seen:  # noqa: PTH100 - a link is a file of its own
                seen.add(real)
                yield file


def _folder(top: str, result: Scan) -> Iterator[str]:
    def failed(error: OSError) -> None:
        result.unread[str(error.filename)] = (error.strerror or str(error)).lower()

    for folder, inner, names in os.walk(top, onerror=failed):
        for name in inner:
            if name in NOT_ENTERED or os.path.islink(f"{folder}/{name}"):  # noqa: PTH114 - one call a folder
                result.passed_over[f"{name}/" if name in NOT_ENTERED else "links to folders"] += 1
        inner[:] = sorted(name for name in inner if name not in NOT_ENTERED)
        for name in sorted(names):
            if _LOCKFILE.fullmatch(name):
                result.passed_over["lockfiles"] += 1
            elif language(name) is None:
                result.passed_over["other kinds of files"] += 1
            else:
                yield os.path.normpath(f"{folder}/{name}")


def language(name: str) -> str | None:
    """Return the language of a file by its name, or None where it is of no kind that is read."""
    if name == ".env" or name.startswith(".env."):
        return "env"
    return LANGUAGES.get(os.path.splitext(name)[1].lower())  # noqa: PTH122 - a name, and no path


def _look(path: str, day: date, result: Scan) -> None:
    kind = language(os.path.basename(path))  # noqa: PTH119 - 100,000 of them
    if kind is None:
        raise Unreadable("of no kind that is read")
    data = _bytes(path)
    wide = next((encoding for mark, encoding in _WIDE if data.startswith(mark)), None)
    if wide:
        data = data.decode(wide, errors="replace").encode()
    if any(mark in data for mark in _MARKS):
        text = _text(data)
        root = yaml_text.read(text) if kind == "yaml" else code.read(text, kind)
        starts = line_starts(text)
        for one in complaints(root, day, code=kind in ("python", "javascript")):
            result.found.append(Found(path, *place(starts, one.at), one))
    result.files += 1
    result.size += len(data)


def _bytes(path: str) -> bytes:
    # Opened without waiting: a pipe that nobody writes to would hold us for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("no file")
        if status.st_size > LARGEST:
            raise Unreadable(f"larger than {LARGEST // 1024 // 1024} MB")
        return file.read(status.st_size) or b""


def _text(data: bytes) -> str:
    """Return the text of bytes; each byte is a character where they are not UTF-8, which no id depends on."""
    if b"\0" in data:
        raise Unreadable("binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
