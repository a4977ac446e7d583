"""Lies about files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.reference.answers import JSON, Answer, Call, Handler
from conformance.reference.lies.registry import in_answer, in_body, lie

_SHOWN = ("files.create", "files.retrieve")


@in_body("file-bytes-wrong", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["bytes"] += 1


@in_body("file-purpose-wrong", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["purpose"] = "lambda"


@in_body("file-created-in-milliseconds", *_SHOWN)
def _(body: dict[str, Any]) -> None:
    body["created_at"] *= 1000


@lie("file-content-altered")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    file = call.service.files.get(call.item)
    if call.operation == "files.content" and answer.status == 200 and file and file.purpose != "batch_output":
        answer.body = answer.body[:-1] + bytes([answer.body[-1] ^ 1])
    return answer


@lie("deleted-file-still-there")
def _(call: Call, honest: Handler) -> Answer:
    file = call.service.files.get(call.item)
    answer = honest(call)
    if call.operation == "files.delete" and file:
        call.service.files[file.id] = file
    return answer


@in_body("file-not-in-list", "files.list")
def _(body: dict[str, Any]) -> None:
    body["data"] = [file for file in body["data"] if file["purpose"] != "file-extract"]


@in_body("delete-not-confirmed", "files.delete")
def _(body: dict[str, Any]) -> None:
    body["deleted"] = False


@in_answer("file-content-typed-json", "files.content")
def _(answer: Answer) -> None:
    answer.media_type = "application/json"


@in_body("file-retrieved-is-another", "files.retrieve")
def _(body: dict[str, Any]) -> None:
    body["filename"] = f"another-{body['filename']}"


@in_body("another-file-deleted", "files.delete")
def _(body: dict[str, Any]) -> None:
    body["id"] += "-other"


@lie("file-ids-of-old")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == "files.create" and answer.status == 200:
        file = call.service.files.pop(answer.body["id"])
        answer.body["id"] = file.id.removeprefix("file_")
        call.service.files[answer.body["id"]] = replace(file, id=answer.body["id"])
    return answer


@lie("file-content-wrapped")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    file = call.service.files.get(call.item)
    if call.operation == "files.content" and answer.status == 200 and file and file.purpose != "batch_output":
        text = answer.body.decode("utf-8", "replace")
        wrapped = {"content": text, "file_type": "text/plain", "filename": file.filename, "title": "", "type": "file"}
        answer.body, answer.media_type = wrapped, JSON
    return answer
