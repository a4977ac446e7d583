"""Work and memory that grow with what is read, and no faster: what is sent or recorded may be made to hurt."""

import sys
import tracemalloc
from collections.abc import Callable

import pytest

from conformance.evidence.recorded import read
from conformance.judge import stream


def calls(work: Callable[[], object]) -> int:
    """Return how many calls a piece of work makes, which is its time on a machine that nobody else uses."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


def grown(work: Callable[[int], object], size: int) -> float:
    """Return how many times as much work eight times the input is."""
    return calls(lambda: work(8 * size)) / calls(lambda: work(size))


CHUNKS = {
    "choices that never end": b'data: {"choices":[{"index":%d,"delta":{}}]}\n\n',
    "calls that never end": b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d}]}}]}\n\n',
    "members that nobody knows": b'data: {"choices":[],"x%d":1}\n\n',
    "lines that are no fields": b"line %d\n",
    "carriage returns": b"data: %d\r\r",
    "an event of many lines": b"data: %d\n",
}


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS.keys())
def test_the_work_for_a_stream_grows_with_its_length(chunk):
    def judged(size):
        stream.read(b"".join(chunk % number for number in range(size)), include_usage=None)

    judged(1)
    assert grown(judged, 500) < 10
