"""Print docs/vendor-documents.md: each published document in a folder against ours, as tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance import shipped, strictjson
from conformance.contract import ledger, schemas
from conformance.drift import canonical, documents

VENDORS = {"moonshot": "Moonshot", "aimlapi": "AIMLAPI"}
TABLES = {
    "what we demand that they do not say": ("ours",),
    "what they say that we do not demand": ("theirs",),
    "what they say in another way": ("ours", "theirs"),
}
HEAD = """# What the published documents say, and what we demand

Made by `python .ci/vendor_documents.py FOLDER > docs/vendor-documents.md`, where FOLDER holds the published OpenAPI
documents as JSON, and not to be edited. A test holds that it is current.

Each document is read in a canonical form (`conformance/drift/canonical.py`): references resolved, alternatives joined,
no prose and no order. A row is a difference from `schemas/openapi.json`; differences that are the same but for the
document, the operation, the answer or the member are one row. `*` is each item of an array, or each member without a
name of its own. *all* are all documents, or all operations of which both sides know this answer. A member that is
*known* may be there, one that is *required* must, one that is *forbidden* must not; an answer is known where its status
stands in the document.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: texts that lead to a place, and what each side says there; the tuples were merged."""

    documents: tuple[str, ...]
    operations: tuple[str, ...]
    places: tuple[str, ...]
    within: str
    names: tuple[str, ...]
    ours: str
    theirs: str


def page(folder: Path) -> str:
    """Return the page; raises ValueError where a document cannot be read."""
    text = (shipped.folder("schemas") / "openapi.json").read_text(encoding="utf-8")
    files = {f"{name}.json": node for name, node in schemas.documents().items()}
    ours = canonical.read(json.loads(text), files)
    parts = [HEAD]
    for prefix, vendor in VENDORS.items():
        published = dict(labelled(sorted(folder.glob(f"{prefix}-*.json"))))
        parts += section(vendor, ours, {label: canonical.read(document) for label, document in published.items()})
    return "\n".join(parts)


def labelled(paths: Sequence[Path]) -> Iterator[tuple[str, Any]]:
    """Yield each document with a short name: its day, with its commit where a day has two, or the file's name."""
    names = [path.name.partition("-")[2].removesuffix(".json").removesuffix(".openapi") for path in paths]
    days = [name[:10] for name in names]
    for path, name, day in zip(paths, names, days, strict=True):
        dated = day[:2] == "20" and days.count(day) == 1
        yield day if dated else name, strictjson.loads(path.read_bytes())


def section(vendor: str, ours: canonical.Said, theirs: Mapping[str, canonical.Said]) -> Iterator[str]:
    """Yield the tables of one vendor."""
    found = [row(label, one) for label, said in theirs.items() for one in documents.differences(ours, said)]
    rows = merged(merged(found, "documents"), "operations")
    rows = [replace(row, operations=in_short(row, ours, theirs.values())) for row in rows]
    rows = [replace(row, places=tuple(sorted(row.places))) for row in merged(rows, "places")]
    rows = merged(rows, "names")
    yield f"## {vendor}\n\nDocuments: {', '.join(theirs)}.\n"
    for title, sides in TABLES.items():
        yield f"### {vendor}: {title}\n"
        told = [row for row in rows if all(bool(getattr(row, side)) is (side in sides) for side in ("ours", "theirs"))]
        yield table(told, sides, list(theirs))


def row(label: str, found: documents.Difference) -> Row:
    """Return the row of one difference."""
    operation, place, media, *members = (*found.at, "", "", "")[: max(len(found.at), 3)]
    if media == "text/event-stream":
        place, media = f"{place} stream", ""
    names = members[-1:] or [media] * (found.aspect == "there")
    within = "/" + "/".join(members[:-1]) if members[:-1] else ""
    said = [told(found.aspect, value) for value in (found.ours, found.theirs)]
    return Row((label,), (operation,), (place,), within, tuple(names), *said)


def told(aspect: str, value: object) -> str:
    """Return what a document says of an aspect, in words; nothing where it says nothing."""
    if value is None or value == ():
        return ""
    words = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    words = words.lower() if isinstance(value, bool) else words
    if aspect == "there":
        return words
    return aspect if value is True and aspect != "default" else f"{aspect} {words}"


def merged(rows: Sequence[Row], field: str) -> list[Row]:
    """Return rows of which those that differ in one field alone are one."""
    groups: dict[Row, list[str]] = {}
    for row in rows:
        groups.setdefault(replace(row, **{field: ()}), []).extend(getattr(row, field))
    return [replace(row, **{field: tuple(dict.fromkeys(found))}) for row, found in groups.items()]


def in_short(row: Row, ours: canonical.Said, theirs: Iterable[canonical.Said]) -> tuple[str, ...]:
    """Return the operations of a row by the names of their endpoints, or *all* of them."""
    place = row.places[0].removesuffix(" stream")
    asked = {name for name, said in ours.parts.items() if place in said.parts}
    known = {name for said in theirs for name in said.parts}
    both = {name for said in theirs for name, one in said.parts.items() if place in one.parts}
    if len(row.operations) > 2 and set(row.operations) in (asked & known, asked & both):
        return ("all",)
    names = {f"{row.method} /v1{row.path}": name for name, row in reversed(ledger.endpoints().items())}
    return tuple(names.get(operation, operation) for operation in row.operations)


def table(rows: Sequence[Row], sides: Sequence[str], labels: Sequence[str]) -> str:
    """Return the table of some rows."""
    lines = [["operation", "where", "what", *sides, "documents"]]
    lines.append(["---"] * len(lines[0]))
    for row in rows:
        where = ", ".join(row.places) + (f" {code(row.within)}" if row.within else "")
        what = ", ".join(code(name) for name in row.names if name)
        said = [code(getattr(row, side)) for side in sides]
        lines.append([", ".join(row.operations), where, what, *said, span(row.documents, labels)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Return a text as code in a cell of a table."""
    return f"`{text}`".replace("|", "\\|")


def span(found: Sequence[str], labels: Sequence[str]) -> str:
    """Return the names of documents, those that follow each other as from and to."""
    if len(found) == len(labels):
        return "all"
    runs: list[list[str]] = []
    for label in found:
        follows = bool(runs) and labels.index(label) == labels.index(runs[-1][-1]) + 1
        runs[-1:] = [[*runs[-1], label]] if follows else [*runs[-1:], [label]]
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1])))
