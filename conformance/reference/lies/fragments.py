"""Lies in the fragments of tool calls, which a client puts together."""

from __future__ import annotations

from conformance.reference.lies.frames import Frames, chunks, fragments, in_stream, last, later


@in_stream("stream-fragments-without-index")
def _(frames: Frames) -> None:
    for fragment in fragments(frames):
        del fragment["index"]


@in_stream("stream-indexes-skip")
def _(frames: Frames) -> None:
    for fragment in fragments(frames):
        fragment["index"] *= 2


@in_stream("stream-ids-repeated")
def _(frames: Frames) -> None:
    ids = {fragment["index"]: fragment["id"] for fragment in fragments(frames) if "id" in fragment}
    for fragment in fragments(frames):
        fragment["id"] = ids[fragment["index"]]


@in_stream("stream-names-repeated")
def _(frames: Frames) -> None:
    names = {part["index"]: part["function"]["name"] for part in fragments(frames) if "name" in part["function"]}
    for fragment in fragments(frames):
        fragment["function"]["name"] = names[fragment["index"]]


@in_stream("stream-ids-late")
def _(frames: Frames) -> None:
    known = {fragment["index"]: fragment for fragment in fragments(frames) if "id" in fragment}
    moved: set[int] = set()
    for fragment in later(frames):
        if fragment["index"] not in moved and "id" in known[fragment["index"]]:
            moved.add(fragment["index"])
            fragment["id"] = known[fragment["index"]].pop("id")


@in_stream("stream-arguments-whole-again")
def _(frames: Frames) -> None:
    said: dict[int, str] = {}
    for fragment in later(frames):
        said[fragment["index"]] = said.get(fragment["index"], "") + fragment["function"]["arguments"]
        fragment["function"]["arguments"] = said[fragment["index"]]


@in_stream("stream-arguments-cut")
def _(frames: Frames) -> None:
    pieces = [frame for frame in chunks(frames) if list(later([frame]))]
    if pieces:
        frames.remove(pieces[-1])


@in_stream("stream-nulls-for-absent")
def _(frames: Frames) -> None:
    for fragment in later(frames):
        fragment |= {"id": None, "type": None}


@in_stream("stream-names-null")
def _(frames: Frames) -> None:
    for fragment in later(frames):
        fragment["function"]["name"] = None


@in_stream("stream-calls-after-the-finish")
def _(frames: Frames) -> None:
    pieces = [frame for frame in chunks(frames) if list(later([frame]))]
    if pieces:
        frames.remove(pieces[-1])
        frames.insert(frames.index(last(frames)) + 1, pieces[-1])
