"""What pages and lists say that models cost, against the prices that were announced; all for a million tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from conformance import catalogue
from conformance.drift.kinds import LifeCycle
from conformance.evidence.recorded import source
from conformance.evidence.recorded.carry import UnreadableError
from conformance.vocabulary import Announcement, Change, OddOneOut, Severity, Target, find

LIMIT = 4 * 1024 * 1024
# So many rows of tables are read; the vendor's pages have one to ten.
ROWS = 1000
_MILLION = 1_000_000
# What a price of half a cent more or less may be rounded to.
_ROUNDED = 0.005
_CURRENCIES = {"$": "USD", "¥": "CNY", "￥": "CNY"}
# The titles of columns, in the vendor's words of different days.
_COLUMNS = {
    "model": "model",
    "input price (cache hit)": "cache_hit",
    "cached input price": "cache_hit",
    "input price (cache miss)": "input",
    "input price": "input",
    "output price": "output",
}
# What lists of models call them, in texts of dollars for one token.
_OF_LISTS = {"cache_hit": "input_cache_read", "input": "prompt", "output": "completion"}
_PRICE = re.compile(r"([$¥￥])\D{0,20}(\d{1,9}(?:\.\d{1,12})?)")
# Of a price for one token; -1 is none, but says that it varies.
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,20})?([eE]-\d{1,2})?", re.ASCII)
_TITLE = re.compile(r'title:\s{0,9}"([^"]{0,80})"')
_ROW = re.compile(r"^\s{0,40}\[(.{0,1000})\],?\s{0,9}$")
_CELL = re.compile(r'<>(.{0,80}?)</>|"([^"]{0,80})"')
_BATCH = " (batch)"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a model costs somewhere: the parts of the price that are told, of batches or of calls that are answered."""

    model: str
    currency: str
    prices: Mapping[str, float]
    where: str
    batch: bool = False


def read(path: Path) -> list[Offer]:
    """Return what the tables of a page say that announced models cost; raises ValueError where there is no such table.

    Tables are those of the vendor's pages (``<DocTable …>``) or of Markdown.
    """
    try:
        with source.opened(path) as stream:
            source.head(stream)
            text = source.whole(stream, LIMIT, "").decode("utf-8", "replace")
    except UnreadableError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None
    offers = list(of_page(text))
    if not offers:
        raise ValueError("no page of prices: no table tells what an announced model costs")
    return offers


def of_page(text: str) -> Iterator[Offer]:
    """Yield what the tables of a page say that announced models cost."""
    columns: list[str | None] = []
    rows = 0
    for number, line in enumerate(text.splitlines(), 1):
        if "columns=" in line:
            columns = []
        if titled := _TITLE.findall(line):
            columns += [_COLUMNS.get(title.lower()) for title in titled]
            continue
        cells = _cells(line)
        titles = [_COLUMNS.get(cell.lower()) for cell in cells]
        if "model" in titles:
            columns = titles
        elif cells and "model" in columns and (rows := rows + 1) <= ROWS:
            offer = _offer(dict(zip(columns, cells, strict=False)), f"line {number}")
            yield from [offer] if offer else []


def _cells(line: str) -> list[str]:
    if line.lstrip().startswith("|"):
        return [cell.strip(" `*\\") for cell in line.strip().strip("|").split("|")]
    row = _ROW.match(line)
    return [found[1] or found[2] or "" for found in _CELL.finditer(row[1])] if row else []


def _offer(row: Mapping[str | None, str], where: str) -> Offer | None:
    """Return what a row of a table says, or None where it is of no announced model or tells no price."""
    name = row.get("model", "").lower()
    model = name.removesuffix(_BATCH)
    told = {part: _PRICE.search(row[part]) for part in ("cache_hit", "input", "output") if part in row}
    known = {part: float(found[2]) for part, found in told.items() if found}
    signs = {found[1] for found in told.values() if found}
    if model not in catalogue.models() or len(signs) != 1:
        return None
    return Offer(model, _CURRENCIES[signs.pop()], known, where, batch=name.endswith(_BATCH))


def of_entry(model: str, entry: Mapping[str, Any], where: str) -> Offer | None:
    """Return what an entry of a list of models says that the model costs, or None where it says nothing."""
    told = {part: _for_a_million(find(entry, f"/pricing/{name}")) for part, name in _OF_LISTS.items()}
    known = {part: price for part, price in told.items() if price is not None}
    return Offer(model, "USD", known, f"{where}/pricing") if known else None


def _for_a_million(price: object) -> float | None:
    return float(Decimal(price) * _MILLION) if isinstance(price, str) and _NUMBER.fullmatch(price) else None


def differing(offer: Offer, target: Target, day: date, said_by: str) -> Iterator[Change]:
    """Yield the change that a price is told in another way than it was announced; another currency is no word of it."""
    known = catalogue.models()[offer.model]
    if known.price is None or known.price.currency != offer.currency or day < known.announced:
        return
    share = catalogue.batch_share() if offer.batch else 1.0
    differs = {
        part: (getattr(known.price, part) * share, told)
        for part, told in offer.prices.items()
        if not math.isclose(getattr(known.price, part) * share, told, rel_tol=1e-6)
    }
    if not differs:
        return
    dearer = any(told - announced > _ROUNDED for announced, told in differs.values())
    yield Change(
        LifeCycle.PRICE_DIFFERS,
        "models.list" if offer.where.startswith("/") else "prices",
        offer.where,
        _told(offer, differs),
        source=said_by,
        model=offer.model,
        severity=Severity.RISKY if dearer else Severity.HARMLESS,
        odd_one_out=_odd(known, target, day),
        other_source=known.sources[-1],
        as_of=day,
    )


def _told(offer: Offer, differs: Mapping[str, tuple[float, float]]) -> str:
    told = [f"{part} announced {announced:g}, told {price:g}" for part, (announced, price) in differs.items()]
    return f"{', '.join(told)} {offer.currency} a million tokens{' in batches' if offer.batch else ''}"


def _odd(known: Announcement, target: Target, day: date) -> OddOneOut:
    """Return who stands against the others: a page that is newer than what we read shows that we lag."""
    if not target.official:
        return OddOneOut.GATEWAY
    return OddOneOut.OURS if day > known.read else OddOneOut.DOCS
