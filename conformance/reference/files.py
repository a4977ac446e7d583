"""The files of the account: upload, list, retrieve, content and deletion."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import Any

from conformance.reference.answers import Answer, Call, Upload, invalid, not_found
from conformance.reference.state import Service, StoredFile

PURPOSES = ("file-extract", "batch", "batch_output", "lambda", "image", "video")
LARGEST = 100 * 1024 * 1024
MOST = 1000
_RENAMED_SINCE = date(2026, 8, 31)
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def upload(call: Call) -> Answer:
    """Keep an uploaded file, and answer with it."""
    if call.form is None:
        raise invalid("Invalid request: request Content-Type isn't multipart/form-data")
    part, purpose = call.form.get("file"), call.form.get("purpose", "")
    if not isinstance(part, Upload):
        raise invalid("Invalid request: file is required")
    if purpose not in PURPOSES or not isinstance(purpose, str):
        accepted = ",".join(f"`{known}`" for known in PURPOSES[:-1])
        raise invalid(f"Invalid purpose: {purpose}, only {accepted} and `{PURPOSES[-1]}` accepted")
    if not part.content:
        raise invalid("File size is zero, please confirm and re-upload the file")
    if len(part.content) > LARGEST:
        raise invalid("File size is too large, max file size is 100MB, please confirm and re-upload the file")
    if len(call.service.files) >= MOST:
        raise invalid("number of uploaded files exceeded")
    return Answer(shown(store(call.service, part.filename, purpose, part.content)))


def listed(call: Call) -> Answer:
    """Answer with all files, the newest last."""
    return Answer({"object": "list", "data": [shown(file) for file in call.service.files.values()]})


def retrieve(call: Call) -> Answer:
    """Answer with one file."""
    return Answer(shown(found(call)))


def content(call: Call) -> Answer:
    """Answer with the bytes of one file."""
    return Answer(found(call).content, media_type="text/plain; charset=utf-8")


def delete(call: Call) -> Answer:
    """Delete one file, and answer that it is gone."""
    file = found(call)
    del call.service.files[file.id]
    return Answer({"id": file.id, "object": "file", "deleted": True})


def found(call: Call) -> StoredFile:
    """Return the file that the path names; raises Refused where there is none."""
    if call.item not in call.service.files:
        raise not_found(f"Not found the file {call.item} or Permission denied")
    return call.service.files[call.item]


def shown(file: StoredFile) -> dict[str, Any]:
    """Return a file as the API shows it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": file.created_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "ready",
        "status_details": "",
    }


def store(service: Service, filename: str, purpose: str, stored: bytes) -> StoredFile:
    """Keep a file under a new id; since 2026-08-31 ids bear a prefix, and a name that is taken gets a number."""
    number = int(service.draw("file"), 16)
    name = ""
    while len(name) < 20:
        number, digit = divmod(number, len(_LETTERS))
        name += _LETTERS[digit]
    renamed = service.day() >= _RENAMED_SINCE
    taken = {file.filename for file in service.files.values()} if renamed else set()
    file = StoredFile(f"file_{name}" if renamed else name, _free(filename, taken), purpose, stored, service.now())
    service.files[file.id] = file
    return file


def _free(filename: str, taken: set[str]) -> str:
    path, free, number = PurePosixPath(filename), filename, 0
    while free in taken:
        number += 1
        free = f"{path.stem}({number}){path.suffix}"
    return free
