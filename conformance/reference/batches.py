"""Batches: they move one state on each time they are retrieved, and their lines are really answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.reference import batchlines, chat, files
from conformance.reference.answers import Answer, Call, invalid, not_found
from conformance.reference.state import Batch, Service, StoredFile

_WINDOW = re.compile(r"([0-9]{1,9})([hd])")
_PAGE = re.compile(r"[1-9][0-9]{0,2}")
_HOURS = {"h": 1, "d": 24}
_TIMES = (
    "in_progress_at", "expires_at", "finalizing_at", "completed_at", "failed_at", "cancelling_at", "cancelled_at",
)  # fmt: skip
_DEFAULT_PAGE = 20
_LARGEST_PAGE = 100


def create(call: Call) -> Answer:
    """Take a batch on, and answer with it before any of its lines is read."""
    chat.solvent(call.service)
    asked = call.members()
    file = _input(call.service, asked.get("input_file_id"))
    if asked.get("endpoint") != batchlines.ENDPOINT:
        raise invalid(f"Invalid request: endpoint must be {batchlines.ENDPOINT}")
    window = seconds(asked.get("completion_window"))
    metadata = _metadata(asked.get("metadata"))
    now = call.service.now()
    name = f"batch_{call.service.draw('batch')[:24]}"
    batch = Batch(name, file.id, batchlines.ENDPOINT, asked["completion_window"], metadata, now, now + window)
    call.service.batches[batch.id] = batch
    return Answer(shown(batch))


def listed(call: Call) -> Answer:
    """Answer with a page of batches, the newest first."""
    batches = list(reversed(call.service.batches.values()))
    limit = call.query.get("limit", str(_DEFAULT_PAGE))
    if not _PAGE.fullmatch(limit) or int(limit) > _LARGEST_PAGE:
        raise invalid(f"Invalid request: limit must be an integer from 1 to {_LARGEST_PAGE}")
    after = call.query.get("after")
    names = [batch.id for batch in batches]
    if after and after not in names:
        raise invalid(f"Invalid request: after names the unknown batch {after}")
    start = names.index(after) + 1 if after else 0
    page = batches[start : start + int(limit)]
    more = start + len(page) < len(batches)
    return Answer({"object": "list", "data": [shown(batch) for batch in page], "has_more": more})


def retrieve(call: Call) -> Answer:
    """Answer with a batch, one state further than it was told last."""
    batch = found(call)
    step = _STEPS.get(batch.status)
    if step is not None:
        step(batch, call.service)
    return Answer(shown(batch))


def cancel(call: Call) -> Answer:
    """Begin to cancel a batch that is not done yet."""
    batch = found(call)
    if batch.status not in ("validating", "in_progress", "finalizing"):
        raise invalid(f"Invalid request: the batch {batch.id} cannot be cancelled, its status is {batch.status}")
    _enter(batch, "cancelling", call.service)
    return Answer(shown(batch))


def found(call: Call) -> Batch:
    """Return the batch that the path names; raises Refused where there is none."""
    if call.item not in call.service.batches:
        raise not_found(f"Not found the batch {call.item} or Permission denied")
    return call.service.batches[call.item]


def shown(batch: Batch) -> dict[str, Any]:
    """Return a batch as the API shows it: with every member, null where there is nothing yet."""
    failed = sum(line["response"]["status_code"] != 200 for line in batch.output)
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "input_file_id": batch.input_file_id,
        "completion_window": batch.completion_window,
        "status": batch.status,
        "output_file_id": batch.output_file_id,
        "error_file_id": None,
        "created_at": batch.created_at,
        **{name: batch.times.get(name) for name in _TIMES},
        "expires_at": batch.expires_at,
        "request_counts": {
            "completed": len(batch.output) - failed, "failed": failed, "total": len(batch.lines),
        },
        "metadata": batch.metadata,
    }  # fmt: skip


def seconds(window: object) -> int:
    """Return the length of a completion window such as ``24h`` or ``7d``; raises Refused."""
    match = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    hours = int(match[1]) * _HOURS[match[2]] if match else 0
    if not 12 <= hours <= 7 * 24:
        raise invalid(f"Invalid request: completion_window must be between 12h and 7d, such as 24h, but got {window}")
    return hours * 3600


def _input(service: Service, name: object) -> StoredFile:
    if not isinstance(name, str) or not name:
        raise invalid("Invalid request: input_file_id is required")
    file = service.files.get(name)
    if file is None:
        raise invalid(f"Invalid request: input_file_id: not found the file {name}")
    if file.purpose != "batch" or not file.filename.endswith(".jsonl"):
        raise invalid("Invalid request: input_file_id must name a .jsonl file that was uploaded with purpose batch")
    return file


def _metadata(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("Invalid request: metadata must be an object of strings")
    if len(value) > 16 or any(len(key) > 64 or len(item) > 512 for key, item in value.items()):
        raise invalid("Invalid request: metadata takes 16 pairs, keys of 64 and values of 512 characters at most")
    return value


def _enter(batch: Batch, status: str, service: Service) -> None:
    batch.status = status
    batch.times[f"{status}_at"] = max([batch.created_at, *batch.times.values(), service.now()])


def _begin(batch: Batch, service: Service) -> None:
    try:
        batch.lines = batchlines.read(service.files[batch.input_file_id].content, service.models())
    except (KeyError, batchlines.BadLineError):
        _enter(batch, "failed", service)
    else:
        _enter(batch, "in_progress", service)


def _execute(batch: Batch, service: Service) -> None:
    if service.now() > batch.expires_at:
        batch.status = "expired"
        return
    batch.output = [batchlines.answered(line, service) for line in batch.lines]
    _enter(batch, "finalizing", service)


def _finish(batch: Batch, service: Service) -> None:
    content = batchlines.written(batch.output)
    batch.output_file_id = files.store(service, f"{batch.id}_output.jsonl", "batch_output", content).id
    _enter(batch, "completed", service)


def _call_off(batch: Batch, service: Service) -> None:
    _enter(batch, "cancelled", service)


_STEPS: Mapping[str, Callable[[Batch, Service], None]] = {
    "validating": _begin, "in_progress": _execute, "finalizing": _finish, "cancelling": _call_off,
}  # fmt: skip
