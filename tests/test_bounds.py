"""Work and memory that grow with what is read, and no faster: what is sent or recorded may be made to hurt."""

import sys
import tracemalloc
from collections.abc import Callable

import pytest

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


def held(work: Callable[[], object]) -> int:
    """Return the most bytes that a piece of work holds at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


MANY = 50_000
STREAMS = {
    "empty events": b"data:\n\n" * MANY,
    "lines of no event": b": x\n" * MANY,
    "broken lines": b"x\n" * MANY,
    "events behind the end": b"data: [DONE]\n\n" + b"data:\n\n" * MANY,
}


@pytest.mark.parametrize("body", STREAMS.values(), ids=STREAMS.keys())
def test_the_memory_for_a_stream_does_not_grow_with_the_number_of_its_events(body):
    # Each event is some 200 bytes, so that all of them would be ten million.
    assert held(lambda: stream.read(body, include_usage=None)) < 4_000_000
