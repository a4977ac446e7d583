"""What ``clients`` prints for people: a page of 80 columns, endpoint by endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from conformance.clients.table import ANY
from conformance.evidence.runfile import Record
from conformance.report.text import money

# Of these kinds it is enough to name what it happened to, where the SDK shows the same of all of them.
_NAMED_ALONE = ("hidden", "filled-in", "added")
_OF = {"answer": "in the answer", "request": "in the request", "refusal": "in the refusal"}


def page(document: Record) -> str:
    """Return a document for people: who answered, what became of everything, and the counts."""
    client = document["client"]
    lines = [f"{client['name']} {client['version']} against {document['target']}, {document['model']}"]
    lines += [_wrapped(document["provenance_sentence"], "")]
    for endpoint in dict.fromkeys(row["endpoint"] for row in document["rows"]):
        lines += ["", "any request" if endpoint == ANY else endpoint]
        lines += _endpoint([row for row in document["rows"] if row["endpoint"] == endpoint])
    return "\n".join([*lines, "", *_end(document)])


def _endpoint(rows: list[Record]) -> Iterator[str]:
    """Yield the lines on an endpoint: first what is no pass; what needs no words of its own is named together."""
    yield f"  {sum(row['kind'] == 'same' for row in rows)} the same"
    groups: dict[tuple[str, ...], list[Record]] = {}
    for row in sorted(rows, key=lambda row: row["status"] == "pass"):
        if row["kind"] != "same":
            alike = (_part(row), row["sdk"] if row["kind"] != "added" else "") if _is_plain(row) else (row["what"],)
            groups.setdefault((row["status"], row["kind"], *alike), []).append(row)
    for same in groups.values():
        yield from _together(same) if _is_plain(same[0]) else _entry(same[0])


def _part(row: Record) -> str:
    return str(row["what"]).partition(" ")[0]


def _is_plain(row: Record) -> bool:
    return row["kind"] in _NAMED_ALONE and _part(row) in _OF and not row["reason"] and not row["breaks"]


def _marked(row: Record) -> str:
    marked = "" if row["status"] in ("pass", row["kind"]) else f"{row['status'].upper()}: "
    return f"  {marked}{row['kind']}"


def _together(rows: list[Record]) -> Iterator[str]:
    names = ", ".join(row["what"].partition(" ")[2] for row in rows)
    shown = f" ({rows[0]['sdk']})" if rows[0]["kind"] != "added" else ""
    yield _wrapped(f"{_marked(rows[0])} {_OF[_part(rows[0])]}{shown}: {names}", "    ")


def _entry(row: Record) -> Iterator[str]:
    yield _wrapped(f"{_marked(row)}: {row['what']}", "    ")
    sides = (("wire", row["wire"]), ("SDK", row["sdk"]))
    yield _wrapped(f"    {'; '.join(f'{name} {text}' for name, text in sides if text)}", "      ")
    if row["reason"]:
        yield _wrapped(f"    {row['reason']}", "      ")
    if row["breaks"]:
        yield _wrapped(f"    the answer breaks {', '.join(row['breaks'][:5])}", "      ")
    if row["source"]:
        yield f"    {row['source']}"


def _end(document: Record) -> Iterator[str]:
    kinds = ", ".join(f"{count} {kind}" for kind, count in document["kinds"].items() if count)
    yield _wrapped(kinds, "  ")
    if spent := money(document):
        yield _wrapped(spent, "  ")
    counts = document["counts"]
    yield f"{counts['fail']} fail, {counts['warn']} warn, {counts['could_not_check']} could not be checked"


def _wrapped(text: str, indent: str) -> str:
    return fill(text, 80, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
