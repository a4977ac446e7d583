"""How often a clause held among samples, and whether that is clear: a Wilson interval, and no second try."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The 97.5th percentile of the normal distribution: two-sided 95 %.
QUANTILE = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the samples so far kept a clause."""

    held: int
    asked: int

    def with_sample(self, *, held: bool) -> Rate:
        """Return the rate with one sample more."""
        return Rate(self.held + held, self.asked + 1)

    def interval(self) -> tuple[float, float]:
        """Return the bounds of the share in all samples that could be drawn, with 95 % confidence (Wilson 1927)."""
        if not self.asked:
            return 0.0, 1.0
        share, square = self.held / self.asked, QUANTILE**2
        middle = share + square / (2 * self.asked)
        reach = QUANTILE * math.sqrt(share * (1 - share) / self.asked + square / (4 * self.asked**2))
        whole = 1 + square / self.asked
        return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)

    def clear(self, at_least: float) -> bool | None:
        """Tell whether the clause holds in at least this share, or None where the samples do not tell yet."""
        low, high = self.interval()
        if not self.asked:
            return None
        if low >= at_least:
            return True
        return False if high < at_least else None

    def sentence(self) -> str:
        """Return the rate in words."""
        low, high = self.interval()
        return f"held in {self.held} of {self.asked} samples; the share is {low:.2f} to {high:.2f} (95 %)"
