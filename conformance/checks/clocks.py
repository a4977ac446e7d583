"""Judging moments: every timestamp of this API is in whole seconds since 1970."""

from collections.abc import Iterator
from datetime import UTC, datetime

from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Run

# Clocks of two machines differ; five minutes are more than any that is kept in order.
SKEW = 300
DAY = 86_400
# The year 5138 in seconds, the year 1973 in milliseconds: what is above counts something finer than seconds.
LARGEST_SECONDS = 100_000_000_000


def of_now(moment: int, where: str, exchange: Exchange, run: Run) -> Iterator[Finding]:
    """Yield a finding where a moment that is made in an exchange is more than a day older than it."""
    if exchange.file is None and 0 < moment < run.moment(exchange).timestamp() - DAY:
        yield Finding(where, f"within a day of {run.moment(exchange).isoformat(timespec='seconds')}", moment)


def in_seconds(moment: int, where: str, exchange: Exchange, run: Run) -> Iterator[Finding]:
    """Yield a finding where a moment is in another unit than seconds, or later than the exchange that tells it.

    Raises CouldNotCheck on the 0 of a recording, whose recorder may have taken the moment away.
    """
    if moment == 0 and exchange.file:
        raise CouldNotCheck(Finding(where, "a moment", "0, which recorders write in place of one"))
    if moment <= 0:
        yield Finding(where, "seconds since 1970", moment)
        return
    if moment > LARGEST_SECONDS:
        yield Finding(where, "seconds since 1970", f"{moment}, which has too many digits for seconds")
        return
    now = run.moment(exchange).timestamp()
    if moment > now + SKEW:
        told = datetime.fromtimestamp(moment, UTC).isoformat()
        yield Finding(where, f"no later than {run.moment(exchange).isoformat(timespec='seconds')}", f"{moment}, {told}")
