"""One table of what five sources say of each model: announced, documented, listed, callable, and seen last time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from conformance import catalogue
from conformance.catalogue import access
from conformance.drift.prices import Offer, of_entry
from conformance.drift.published import Document
from conformance.drift.seen import Seen
from conformance.judge.shapes import shown
from conformance.vocabulary import ABSENT, Announcement, Price, Target, find

Value = str | int | bool | None
# Of the listed models that nothing announced; the rest is told as changes, of which there are as many.
ROWS = 500
_RETIRED, _UNCHECKED = "retired", "?"
_ABSENT = ("no", _RETIRED)
WORDS = {
    "image": "supports_image_in",
    "video": "supports_video_in",
    "thinking": "supports_reasoning",
    "context": "context_length",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the sources say of one field of a model; None where a source was not given, or says nothing.

    The field ``there`` tells whether there is such a model; other fields are told by the sources that know them.
    ``note`` says what kept a source from being checked, or why a model need not be listed.
    """

    model: str
    field: str
    announced: Value = None
    documented: Value = None
    listed: Value = None
    callable: Value = None
    last_seen: Value = None
    note: str | None = None

    @property
    def agrees(self) -> bool:
        """Tell whether no two sources of a field say different things of it.

        A model that ended was there before, and one that need not be listed may be missing.
        """
        told = [self.announced, self.documented, self.last_seen if self.announced != _RETIRED else None]
        told += [] if self.note and self.listed == "no" else [self.listed, self.callable]
        known = [value for value in told if value not in (None, _UNCHECKED)]
        if self.field == "there":
            known = [value not in _ABSENT for value in known]
        return all(type(value) is type(known[0]) and value == known[0] for value in known)


@dataclass(frozen=True, slots=True)
class Sources:
    """What was gathered for a target: its last document, prices of pages, what was seen now, and what was seen last."""

    target: Target
    day: date
    document: Document | None = None
    offers: Sequence[Offer] = ()
    now: Seen | None = None
    last: Seen | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the rows of every model that some source knows on the day, in the order of the catalogue."""
        for model in self._models():
            yield self._there(model)
            yield from (row for row in self._fields(model) if row.announced is not None or row.listed is not None)

    def _models(self) -> list[str]:
        known = set(catalogue.available(self.day))
        known |= {one.model for one in self.document.mentions} if self.document else set()
        known |= {one.model for one in self.offers}
        for seen in (self.now, self.last):
            known |= {*(seen.listed or ()), *seen.calls} if seen else set()
        others = sorted(model for model in known if model not in catalogue.models())
        return [model for model in catalogue.models() if model in known] + others[:ROWS]

    def _there(self, model: str) -> Row:
        listed, note = _is_listed(model, self.now, self.target)
        call = self.now.calls.get(model) if self.now else None
        last = _was_seen(model, self.last)
        if call and call.answered is None:
            note = call.why
        answered = None if call is None else _WORD[call.answered]
        name = str(shown(model))
        return Row(name, "there", self._announced(model), self._documented(model), listed, answered, last, note)

    def _announced(self, model: str) -> str:
        known = catalogue.models().get(model)
        if known is None or self.day < known.announced:
            return "no"
        return _RETIRED if known.retired and known.retired < self.day else known.announced.isoformat()

    def _documented(self, model: str) -> str | None:
        if self.document is None:
            return None
        ways = {one.how for one in self.document.mentions if one.model == model}
        return "yes" if "enum" in ways else min(ways, default="no")

    def _fields(self, model: str) -> Iterator[Row]:
        known = catalogue.models().get(model)
        for field, name in WORDS.items():
            values = (_told(model, seen, name) for seen in (self.now, self.last))
            yield Row(model, field, _announced(known, field), None, next(values), None, next(values))
        pages = [one for one in self.offers if one.model == model and not one.batch]
        told = _price(known.price) if known and known.price else None
        listed, last = (_offered(model, seen) for seen in (self.now, self.last))
        yield Row(model, "price", told, _prices(pages[-1]) if pages else None, listed, None, last)


_WORD = {True: "yes", False: "no", None: _UNCHECKED}


def _is_listed(model: str, seen: Seen | None, target: Target) -> tuple[str | None, str | None]:
    if seen is None or seen.listed is None:
        return (_UNCHECKED, seen.unlisted) if seen and seen.unlisted else (None, None)
    if model in seen.listed:
        return "yes", None
    return "no", access.need_not(model, access.region_of(target), seen.account) if _is_to_be_had(model, seen) else None


def _is_to_be_had(model: str, seen: Seen) -> bool:
    return model in catalogue.available(seen.day)


def _was_seen(model: str, seen: Seen | None) -> str | None:
    if seen is None:
        return None
    call = seen.calls.get(model)
    listed = seen.listed is not None and model in seen.listed
    if call and call.answered is not None and listed != call.answered:
        return "callable" if call.answered else "listed"
    return "yes" if listed or (call and call.answered) else "no" if seen.listed is not None else None


def _announced(known: Announcement | None, field: str) -> Value:
    if known is None:
        return None
    if field == "context":
        return known.context
    thinks = catalogue.families()[known.family].thinks != "never"
    return thinks if field == "thinking" else field in known.modalities


def _told(model: str, seen: Seen | None, name: str) -> Value:
    """Return what a list says of a field; None where it says nothing."""
    if seen is None or model not in (seen.listed or {}):
        return None
    value = find((seen.listed or {})[model][1], f"/{name}")
    return None if value is ABSENT else value if isinstance(value, bool | int) else str(shown(value))


def _offered(model: str, seen: Seen | None) -> str | None:
    if seen is None or model not in (seen.listed or {}):
        return None
    offer = of_entry(model, (seen.listed or {})[model][1], "")
    return _prices(offer) if offer else None


def _price(price: Price) -> str:
    parts = {"cache_hit": price.cache_hit, "input": price.input, "output": price.output}
    return _prices(Offer("", price.currency, parts, ""))


def _prices(offer: Offer) -> str:
    told: Mapping[str, float] = offer.prices
    parts = [f"{told[part]:g}" if part in told else "-" for part in ("cache_hit", "input", "output")]
    return f"{'/'.join(parts)} {offer.currency}"
