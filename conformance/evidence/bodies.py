"""Bodies as they come: decompressed piece by piece, so that a small answer cannot become a large memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx

PIECE = 64 * 1024


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Yield a body without its content encodings, piece by piece: none is much longer than PIECE, whatever is sent."""
    if response.is_stream_consumed:
        yield response.content
        return
    body = response.iter_raw()
    for encoding in reversed(response.headers.get("content-encoding", "").lower().split(",")):
        if encoding.strip() in ("gzip", "x-gzip", "deflate"):
            body = _inflated(body, encoding.strip())
    yield from body


def _inflated(body: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    reader = None
    try:
        for compressed in body:
            if reader is None:
                # 47: a zlib or a gzip header; some servers send deflate with neither.
                reader = zlib.decompressobj(-15 if encoding == "deflate" and compressed[0] & 15 != 8 else 47)
            rest = compressed
            while piece := reader.decompress(rest, PIECE):
                yield piece
                rest = reader.unconsumed_tail
    except zlib.error as error:
        raise httpx.DecodingError(f"{encoding}: {error}") from None
    if reader and (not reader.eof or reader.unused_data):
        raise httpx.DecodingError(f"{encoding}: cut short, or something follows its end")
