"""Judging moments: every timestamp of this API is in whole seconds since 1970."""

from collections.abc import Iterator
from datetime import UTC, datetime

from conformance.vocabulary import Exchange, Finding, Run

# Clocks of two machines differ; five minutes are more than any that is kept in order.
SKEW = 300
# The year 5138 in seconds, the year 1973 in milliseconds: what is above counts something finer than seconds.
LARGEST_SECONDS = 100_000_000_000


def in_seconds(moment: int, where: str, exchange: Exchange, run: Run) -> Iterator[Finding]:
    """Yield a finding where a moment is in another unit than seconds, or later than the exchange that tells it."""
    if moment > LARGEST_SECONDS:
        yield Finding(where, "seconds since 1970", f"{moment}, which has too many digits for seconds")
        return
    now = run.moment(exchange).timestamp()
    if moment > now + SKEW:
        told = datetime.fromtimestamp(moment, UTC).isoformat()
        yield Finding(where, f"no later than {run.moment(exchange).isoformat(timespec='seconds')}", f"{moment}, {told}")
