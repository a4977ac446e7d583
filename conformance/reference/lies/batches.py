"""Lies about batches and their output."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import change_asked, in_body, lie

_SHOWN = ("batches.create", "batches.retrieve", "batches.cancel")


@in_body("batch-counts-off", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["request_counts"]["completed"] = body["request_counts"]["total"] + 1


@in_body("batch-time-backwards", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    for name in ("in_progress_at", "finalizing_at", "completed_at", "cancelling_at"):
        if body[name] is not None:
            body[name] = body["created_at"] - 60


@in_body("batch-illegal-transition", "batches.retrieve")
def _(body: dict[str, Any]) -> None:
    if body["status"] == "finalizing":
        body["status"] = "validating"


@in_body("batch-status-unknown", "batches.retrieve")
def _(body: dict[str, Any]) -> None:
    if body["status"] == "in_progress":
        body["status"] = "running"


@in_body("batch-output-missing", "batches.retrieve")
def _(body: dict[str, Any]) -> None:
    body["output_file_id"] = None


@in_body("batch-window-ignored", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["expires_at"] = body["created_at"] + 3600


@in_body("batch-metadata-lost", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["metadata"] = None


@in_body("batch-not-in-list", "batches.list")
def _(body: dict[str, Any]) -> None:
    body["data"].clear()


@lie("batch-line-lost")
def _(call: Call, honest: Handler) -> Answer:
    return _with_output(call, honest(call), lambda lines: lines[:-1])


@lie("batch-line-twice")
def _(call: Call, honest: Handler) -> Answer:
    return _with_output(call, honest(call), lambda lines: [*lines, lines[0]])


@lie("batch-line-dearer")
def _(call: Call, honest: Handler) -> Answer:
    return _with_output(call, honest(call), lambda lines: [_dearer(line) for line in lines])


def _dearer(line: bytes) -> bytes:
    members = json.loads(line)
    usage = members["response"]["body"]["usage"]
    usage |= {"prompt_tokens": usage["prompt_tokens"] + 50, "total_tokens": usage["total_tokens"] + 50}
    return _line(members)


@lie("batch-custom-id-changed")
def _(call: Call, honest: Handler) -> Answer:
    return _with_output(call, honest(call), lambda lines: [_renamed(lines[0]), *lines[1:]])


@lie("batch-cancel-ignored")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == "batches.cancel" and call.item in call.service.batches:
        before = replace(call.service.batches[call.item])
        before.times = dict(before.times)
        answer = honest(call)
        if answer.status == 200:
            call.service.batches[call.item] = before
        return answer
    return honest(call)


@lie("batch-bad-window-accepted")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == "batches.create" and answer.status == 400 and "completion_window" in str(answer.body):
        asked = call.members()
        change_asked(call, lambda members: members.update(completion_window="24h"))
        answer = honest(call)
        if answer.status == 200:
            answer.body["completion_window"] = asked.get("completion_window")
    return answer


def _with_output(call: Call, answer: Answer, change: Callable[[list[bytes]], list[bytes]]) -> Answer:
    file = call.service.files.get(call.item)
    if call.operation == "files.content" and answer.status == 200 and file and file.purpose == "batch_output":
        answer.body = b"".join(change(answer.body.splitlines(keepends=True)))
    return answer


def _renamed(line: bytes) -> bytes:
    members = json.loads(line)
    members["custom_id"] += "-other"
    return _line(members)


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@in_body("batch-other-cancelled", "batches.cancel")
def _(body: dict[str, Any]) -> None:
    body["id"] = body["id"][:-1] + ("0" if body["id"][-1] != "0" else "1")


@in_body("batch-never-cancelled", "batches.retrieve")
def _(body: dict[str, Any]) -> None:
    if body["status"] == "cancelled":
        body |= {"status": "cancelling", "cancelled_at": None}


@in_body("batch-created-in-milliseconds", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    for name, moment in body.items():
        if name.endswith("_at") and moment is not None:
            body[name] = moment * 1000


@in_body("batch-begins-at-its-end", "batches.create")
def _(body: dict[str, Any]) -> None:
    body["status"] = "cancelled"


@in_body("batch-fails-in-the-end", "batches.retrieve")
def _(body: dict[str, Any]) -> None:
    if body["status"] == "completed":
        body["status"] = "failed"


@lie("batch-line-fails-in-silence")
def _(call: Call, honest: Handler) -> Answer:
    return _with_output(call, honest(call), lambda lines: [_failed(lines[0]), *lines[1:]])


def _failed(line: bytes) -> bytes:
    members = json.loads(line)
    members["response"]["status_code"] = 500
    return _line(members)


@in_body("batch-without-status", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    del body["status"]


@lie("batch-all-failed")
def _(call: Call, honest: Handler) -> Answer:
    answer = _with_output(call, honest(call), lambda lines: [_in_error(line) for line in lines])
    if call.operation in _SHOWN and answer.status == 200:
        done = answer.body["request_counts"]
        answer.body["request_counts"] = {"completed": 0, "failed": done["total"], "total": done["total"]}
    return answer


def _in_error(line: bytes) -> bytes:
    members = json.loads(line)
    error = {"message": "Invalid request: the model cannot be asked", "type": "invalid_request_error"}
    members |= {"response": {"status_code": 400, "request_id": "", "body": {"error": error}}, "error": error}
    return _line(members)
