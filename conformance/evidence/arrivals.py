"""The pieces that a stream arrived in, as files keep them: pairs of seconds and bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from conformance.vocabulary import Piece


def pairs(pieces: Sequence[Piece]) -> list[list[float]]:
    """Return pieces as pairs of the seconds since the request was sent and the number of bytes."""
    return [[piece.seconds, piece.size] for piece in pieces]


def pieces(found: object, length: int) -> tuple[Piece, ...]:
    """Return the pieces that pairs tell of a body of ``length`` bytes; raises ValueError where they cannot be its own.

    No piece is empty, none comes before the one ahead of it, and together they are as long as the body.
    """
    if not isinstance(found, list) or not all(map(_is_pair, found)):
        raise ValueError("not pairs of seconds and bytes")
    read = tuple(Piece(seconds, size) for seconds, size in found)
    if [piece.seconds for piece in read] != sorted(piece.seconds for piece in read):
        raise ValueError("not in the order of their arrival")
    if sum(piece.size for piece in read) != length:
        raise ValueError("not as long as the body")
    return read


def _is_pair(found: object) -> bool:
    if not isinstance(found, list) or len(found) != 2:
        return False
    seconds, size = found
    timed = type(seconds) is float and math.isfinite(seconds) and seconds >= 0
    return (timed or (type(seconds) is int and 0 <= seconds < 2**53)) and type(size) is int and size > 0
