"""How fast streams came, of live runs alone: a recording's transport tells nothing about the service's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import Any

from conformance.judge import answers, costs
from conformance.vocabulary import CouldNotCheck, Exchange, Mode, Piece, Run

KINDS = ("reasoning", "content")


def of(run: Run) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """Yield each stream of a live run with its times in seconds: to the first byte, reasoning and content, and gaps."""
    if run.mode not in (Mode.LIVE, Mode.RECORD):
        return
    for exchange in answers.everything(run):
        if answers.is_stream(exchange) and exchange.response and exchange.response.pieces:
            with suppress(CouldNotCheck):
                yield exchange, times(exchange, exchange.response.pieces)


def times(exchange: Exchange, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return the times of one stream; None where there was no such event, or too few to tell.

    Raises CouldNotCheck where the answer is none, but a web page that calls itself a stream.
    """
    ends = list(accumulate(piece.size for piece in pieces))
    firsts = answers.transcript(exchange).firsts
    gaps = sorted(later.seconds - earlier.seconds for earlier, later in pairwise(pieces))
    lasted = pieces[-1].seconds - pieces[0].seconds
    return {
        "first_byte": pieces[0].seconds,
        **{f"first_{kind}": _arrival(firsts[kind].end, ends, pieces) if kind in firsts else None for kind in KINDS},
        "whole": pieces[-1].seconds,
        "gap_p50": _percentile(gaps, 0.50),
        "gap_p95": _percentile(gaps, 0.95),
        "gap_max": _percentile(gaps, 1.0),
        "tokens_per_second": round(tokens / lasted, 1) if (tokens := _tokens(exchange)) and lasted > 0 else None,
    }


def _arrival(end: int, ends: list[int], pieces: Sequence[Piece]) -> float | None:
    """Return when the last byte of an event arrived."""
    number = bisect_left(ends, end)
    return pieces[number].seconds if number < len(pieces) else None


def _percentile(ordered: list[float], share: float) -> float | None:
    """Return the smallest gap that so many of all gaps are not longer than; None where there is none."""
    if not ordered:
        return None
    return round(ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)], 6)


def _tokens(exchange: Exchange) -> int:
    try:
        usage = answers.whole(exchange).at("/usage", dict)
    except CouldNotCheck:
        return 0
    return costs.count(usage, "completion_tokens")
