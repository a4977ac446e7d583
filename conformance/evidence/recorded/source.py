"""Files as they lie on the disk: which of them are opened at all, and never more read than is bounded."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from conformance import rows
from conformance.evidence.recorded.carry import UnreadableError

HEAD = 8 * 1024
WHOLE_LIMIT = 256 * 1024 * 1024
LINE_LIMIT = 16 * 1024 * 1024
VALUES_LIMIT = 10_000_000

KINDS = {
    stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}  # fmt: skip
SIGNATURES = (
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (b"\xff\xfe", "UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text: save it as UTF-8"),
)


def walk(root: Path) -> Iterator[Path]:
    """Yield a file, or the files of a folder and its folders in sorted order, each real folder once.

    Hidden names inside the folder and links that lead to themselves are skipped; a folder that cannot be listed is
    itself yielded, so that it is told.
    """
    todo, seen = [root], set[tuple[int, int]]()
    while todo:
        path = todo.pop()
        try:
            known = path.stat()
            inside = stat.S_ISDIR(known.st_mode) and sorted(path.iterdir(), reverse=True)
        except OSError as error:
            if error.errno != errno.ELOOP:
                yield path
            continue
        if inside is False:
            yield path
        elif (known.st_dev, known.st_ino) not in seen:
            seen.add((known.st_dev, known.st_ino))
            todo.extend(entry for entry in inside if not entry.name.startswith("."))


def require(path: Path) -> Path:
    """Return the path of something that is there; raises ConfigurationError naming it otherwise."""
    try:
        there = path.exists()
    except OSError as error:
        raise rows.ConfigurationError(f"{path}: {error.strerror}") from None
    if not there:
        raise rows.ConfigurationError(f"{path}: no such file or folder")
    return path


def opened(path: Path) -> IO[bytes]:
    """Return an ordinary file, open; raises UnreadableError for anything else, without touching it, and OSError."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind != stat.S_IFREG:
        raise UnreadableError(f"{KINDS.get(kind, 'something else')}, not an ordinary file")
    return path.open("rb")


def head(stream: IO[bytes]) -> bytes:
    """Return the first bytes of a file, which then stands at its beginning again; raises UnreadableError."""
    first = stream.read(HEAD)
    stream.seek(0)
    if not first:
        raise UnreadableError("empty file")
    for signature, meaning in SIGNATURES:
        if first.startswith(signature):
            raise UnreadableError(meaning)
    if b"\0" in first:
        raise UnreadableError("binary data, no text")
    return first


def whole(stream: IO[bytes], limit: int = WHOLE_LIMIT, why: str = " and not line-delimited JSON") -> bytes:
    """Return all bytes of a file; raises UnreadableError where they are more than ``limit``, or blank."""
    if stream.seek(0, 2) > limit:
        raise UnreadableError(f"larger than {limit >> 20} MiB{why}")
    stream.seek(0)
    raw = stream.read(limit + 1)
    if not raw.strip():
        raise UnreadableError("empty file")
    return raw


def document(stream: IO[bytes]) -> bytes:
    """Return all bytes of a JSON file; raises UnreadableError also where its values would fill the memory."""
    raw = whole(stream)
    if len(raw) > VALUES_LIMIT and sum(map(raw.count, (b",", b"[", b"{"))) > VALUES_LIMIT:
        raise UnreadableError(f"JSON of more than {VALUES_LIMIT} values")
    return raw


def lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank with their numbers from 1, each without its end; None for one too long."""
    stream.seek(0)
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            yield number, None
            _skip_line(stream)
        elif not line.isspace():
            yield number, line.rstrip(b"\r\n")


def _skip_line(stream: IO[bytes]) -> None:
    while (piece := stream.readline(1024 * 1024)) and not piece.endswith(b"\n"):
        pass
