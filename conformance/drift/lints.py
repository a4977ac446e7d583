"""What a published document leaves open or gets wrong on its own, without another one beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from conformance.drift import ours
from conformance.drift.canonical import Said
from conformance.drift.published import Document, endpoint_of
from conformance.vocabulary import Change, OddOneOut

# What is asked for in a request and told in its answer under the same name.
_MIRRORED = ("logprobs",)
_NAME = 200
# Kind, endpoint, place and detail; and the same of one operation, before the place is a text.
Row = tuple[str, str, str, str]
Told = tuple[str, Sequence[str], str]


def changes(documents: Sequence[Document], *, official: bool) -> Iterator[Change]:
    """Yield what the last document does not say: statuses, required members, answers to what can be asked for.

    Each is told since the first of the documents before it that lack the same without a break. What the service answers
    beside is known of the vendor's own hosts alone.
    """
    told = [frozenset(_of_document(document, official=official)) for document in documents]
    for one in sorted(told[-1]) if told else ():
        kind, endpoint, where, detail = one
        since, last = _since(one, told, documents), documents[-1]
        yield Change(kind, endpoint, where, detail, since, last.name, odd_one_out=OddOneOut.DOCS, as_of=last.until)


def _since(one: Row, told: Sequence[frozenset[Row]], documents: Sequence[Document]) -> date:
    first = documents[-1].day
    for document, rows in zip(reversed(documents), reversed(told), strict=True):
        if one not in rows:
            break
        first = document.day
    return first


def _of_document(document: Document, *, official: bool) -> Iterator[Row]:
    for operation, said in document.form.parts.items():
        for kind, place, detail in _of_operation(operation, said):
            if official or kind != "undeclared-status":
                yield kind, endpoint_of(operation), "".join(f"/{name[:_NAME]}" for name in place), detail


def _of_operation(operation: str, said: Said) -> Iterator[Told]:
    answers = {name: part for name, part in said.parts.items() if name[:1].isdigit()}
    bodies = [(status, media, body) for status, one in answers.items() for media, body in one.parts.items()]
    for status, media, body in bodies:
        members = [part for name, part in body.parts.items() if name not in ("*", "(name)")]
        if status.startswith("2") and members and not any(part.says.get("required") for part in members):
            told = f"none of {len(members)} members is required, so an empty object obeys"
            yield "nothing-required", (status, media), told
    if missing := sorted(_statuses().get(operation, frozenset()) - set(answers)):
        yield "undeclared-status", (), f"the service answers {', '.join(missing)}, too"
    for media, body in said.parts.get("request", Said()).parts.items():
        for name in _MIRRORED:
            if name in body.parts and bodies and not any(_has(one, name) for _, _, one in bodies):
                told = f"{name} can be asked for, and no answer knows it"
                yield "asked-not-answered", ("request", media, name), told
    yield from _defaults(said, ())


def _defaults(said: Said, at: tuple[str, ...]) -> Iterator[Told]:
    """Yield the members whose default is null, which their type is not."""
    types = said.says.get("type")
    if said.says.get("default") == "null" and isinstance(types, tuple) and "null" not in types:
        yield "default-of-other-type", at, f"the default is null, the type {', '.join(types)}"
    for name, part in said.parts.items():
        yield from _defaults(part, (*at, name))


def _has(said: Said, name: str) -> bool:
    return name in said.parts or any(_has(part, name) for part in said.parts.values())


@cache
def _statuses() -> dict[str, frozenset[str]]:
    """Return the statuses that the contract knows of each operation, from our own document."""
    known = ours.form().parts.items()
    return {name: frozenset(part for part in said.parts if part.isdigit()) for name, said in known}
