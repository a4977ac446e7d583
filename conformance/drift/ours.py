"""The last published document against our own: what it knows that our schemas do not, and how much they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from conformance import shipped, strictjson
from conformance.contract import schemas
from conformance.drift import canonical
from conformance.drift.canonical import Said
from conformance.drift.documents import Difference, differences
from conformance.drift.published import Document, endpoint_of
from conformance.vocabulary import Change, OddOneOut, Severity

# More unknown places are another API, and are counted.
KEPT = 50
_NAME = 200
_PAGE = "schemas/openapi.json"
_WORDS = {
    "ours-not-documented": ("our schemas say that it does not", OddOneOut.DOCS),
    "documented-otherwise": ("it says that our schemas say in another way or not at all", None),
}


@cache
def form() -> Said:
    """Return what our own document says."""
    text = (shipped.folder("schemas") / "openapi.json").read_bytes()
    files = {f"{name}.json": node for name, node in schemas.documents().items()}
    return canonical.read(strictjson.loads(text), files)


def changes(documents: Sequence[Document]) -> Iterator[Change]:
    """Yield each place of the last document that our schemas lack, and of all other differences how many there are."""
    if not documents:
        return
    last, counted, left = documents[-1], Counter[str](), KEPT
    for found in differences(form(), last.form):
        if left and found.aspect == "there" and found.ours is None and found.theirs != "forbidden":
            left -= 1
            yield _unknown(found, last)
        else:
            counted["ours-not-documented" if found.theirs in (None, ()) else "documented-otherwise"] += 1
    for kind, number in counted.items():
        words, odd = _WORDS[kind]
        detail = f"{number} things {words}; docs/vendor-documents.md shows those of the known documents"
        yield Change(kind, "document", "", detail, None, last.name, None, Severity.HARMLESS, odd, _PAGE, last.until)


def _unknown(found: Difference, last: Document) -> Change:
    operation, *place = found.at
    where = "".join(f"/{name[:_NAME]}" for name in place)
    detail = f"our schemas do not know it ({found.theirs} in the document)"
    return Change(
        "documented-not-ours",
        endpoint_of(operation),
        where,
        detail,
        source=last.name,
        severity=Severity.RISKY,
        odd_one_out=OddOneOut.OURS,
        other_source=_PAGE,
        as_of=last.until,
    )
