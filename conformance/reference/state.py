"""What one reference server knows and remembers: its account, clock, files, batches and prompts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from conformance import catalogue
from conformance.vocabulary import Announcement

CENT = Decimal("0.00001")


@dataclass(slots=True)
class Purse:
    """The account's money; vouchers are spent first, and cash may fall below zero."""

    voucher: Decimal
    cash: Decimal

    @property
    def available(self) -> Decimal:
        """What can be spent: a debt in cash does not lessen the vouchers."""
        return self.voucher + max(self.cash, Decimal(0))

    def pay(self, price: Decimal) -> None:
        """Take a price, rounded to five decimals."""
        price = price.quantize(CENT)
        from_voucher = min(price, self.voucher)
        self.voucher -= from_voucher
        self.cash -= price - from_voucher


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the account."""

    id: str
    filename: str
    purpose: str
    content: bytes
    created_at: int


@dataclass(slots=True)
class Batch:
    """A batch: ``times`` holds the moment of each state that it reached, ``output`` the lines that are done."""

    id: str
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None
    created_at: int
    expires_at: int
    status: str = "validating"
    times: dict[str, int] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    output: list[dict[str, Any]] = field(default_factory=list)
    output_file_id: str | None = None


@dataclass(slots=True)
class Service:
    """The state behind one app.

    ``clock`` returns seconds since the epoch, ``as_of`` fixes the catalogue's day, ``tokens_per_second`` is how fast
    its models speak (None: at once).
    """

    seed: int
    clock: Callable[[], float]
    as_of: date | None
    keys: Collection[str] | None
    purse: Purse
    tokens_per_second: float | None = None
    files: dict[str, StoredFile] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    prompts: set[str] = field(default_factory=set)
    drawn: Counter[str] = field(default_factory=Counter)

    def now(self) -> int:
        """Return the time in whole seconds."""
        return int(self.clock())

    def day(self) -> date:
        """Return the day whose catalogue is served."""
        return self.as_of or datetime.fromtimestamp(self.clock(), UTC).date()

    def models(self) -> dict[str, Announcement]:
        """Return the models that can be called, by id."""
        return catalogue.available(self.day())

    def draw(self, kind: str) -> str:
        """Return the next 64 hex digits of a kind: the same seed gives the same row of them."""
        self.drawn[kind] += 1
        return hashlib.sha256(f"{self.seed}/{kind}/{self.drawn[kind]}".encode()).hexdigest()

    def name(self, kind: str) -> str:
        """Return 24 hex digits that stay the same all along, such as for the account's id."""
        return hashlib.sha256(f"{self.seed}/{kind}".encode()).hexdigest()[:24]

    def accepts(self, key: str) -> bool:
        """Tell whether a bearer key opens the account."""
        if self.keys is not None:
            return key in self.keys
        return key.startswith("sk-") and "invalid" not in key
