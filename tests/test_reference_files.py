"""The files of the reference server: uploaded, listed, read, deleted, and refused."""

import gc
import warnings
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from conformance.reference import create_app, files
from conformance.reference.inprocess import client

NOW = 1788436800
TEXT = "ümlaut\n".encode()


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=date(2026, 9, 3), clock=lambda: NOW)) as asking:
        yield asking


def upload(
    api: httpx.Client, name: str = "a.txt", content: bytes = TEXT, purpose: str = "file-extract"
) -> httpx.Response:
    return api.post("/files", files={"file": (name, content)}, data={"purpose": purpose})


def refused(answer: httpx.Response, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["type"] == kind
    return answer.json()["error"]["message"]


def test_an_upload_answers_with_the_file(api: httpx.Client) -> None:
    file = upload(api).json()
    assert file.pop("id").startswith("file_")
    assert file == {
        "object": "file", "bytes": 8, "created_at": NOW, "filename": "a.txt", "purpose": "file-extract",
        "status": "ready", "status_details": "",
    }  # fmt: skip


def test_ids_had_no_prefix_before_the_end_of_august() -> None:
    with client(create_app(as_of=date(2026, 8, 30))) as api:
        name = upload(api).json()["id"]
    assert len(name) == 20
    assert name == name.lower()
    assert "_" not in name


def test_a_name_that_is_taken_gets_a_number(api: httpx.Client) -> None:
    assert [upload(api, "a.b.txt").json()["filename"] for _ in range(3)] == ["a.b.txt", "a.b(1).txt", "a.b(2).txt"]


def test_a_name_could_be_used_twice_before_the_end_of_august() -> None:
    with client(create_app(as_of=date(2026, 8, 30))) as api:
        assert [upload(api).json()["filename"] for _ in range(2)] == ["a.txt", "a.txt"]


@pytest.mark.parametrize("purpose", files.PURPOSES)
def test_six_purposes_are_accepted(api: httpx.Client, purpose: str) -> None:
    assert upload(api, purpose=purpose).json()["purpose"] == purpose


def test_the_list_has_the_newest_file_last(api: httpx.Client) -> None:
    assert api.get("/files").json() == {"object": "list", "data": []}
    stored = [upload(api, name).json() for name in ("a.txt", "b.txt")]
    assert api.get("/files").json() == {"object": "list", "data": stored}


def test_a_file_is_retrieved_as_it_was_uploaded(api: httpx.Client) -> None:
    file = upload(api).json()
    assert api.get(f"/files/{file['id']}").json() == file


def test_the_content_is_the_bytes_as_plain_text(api: httpx.Client) -> None:
    answer = api.get(f"/files/{upload(api).json()['id']}/content")
    assert answer.content == TEXT
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_deleted_file_is_gone(api: httpx.Client) -> None:
    name = upload(api).json()["id"]
    assert api.delete(f"/files/{name}").json() == {"id": name, "object": "file", "deleted": True}
    for answer in (api.get(f"/files/{name}"), api.get(f"/files/{name}/content"), api.delete(f"/files/{name}")):
        assert name in refused(answer, 404, "resource_not_found_error")
    assert api.get("/files").json()["data"] == []


def test_a_picture_can_be_referred_to_by_its_file(api: httpx.Client) -> None:
    name = upload(api, "a.png", b"\x89PNG", "image").json()["id"]
    part = {"type": "image_url", "image_url": {"url": f"ms://{name}"}}
    asked = {"model": "kimi-k3", "messages": [{"role": "user", "content": [part]}]}
    assert api.post("/chat/completions", json=asked).status_code == 200


def test_an_empty_file_is_refused(api: httpx.Client) -> None:
    message = refused(upload(api, content=b""), 400, "invalid_request_error")
    assert message == "File size is zero, please confirm and re-upload the file"


@pytest.mark.parametrize("form", [{"purpose": "bogus"}, {}])
def test_an_unknown_purpose_is_refused_with_those_that_there_are(api: httpx.Client, form: dict[str, Any]) -> None:
    message = refused(api.post("/files", files={"file": ("a.txt", TEXT)}, data=form), 400, "invalid_request_error")
    known = "`file-extract`,`batch`,`batch_output`,`lambda`,`image` and `video`"
    assert message == f"Invalid purpose: {form.get('purpose', '')}, only {known} accepted"


def test_a_file_that_is_too_large_is_refused(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 7)
    message = refused(upload(api), 400, "invalid_request_error")
    assert message == "File size is too large, max file size is 100MB, please confirm and re-upload the file"


def test_one_file_more_than_an_account_may_have_is_refused(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST", 1)
    assert upload(api).status_code == 200
    assert refused(upload(api), 400, "invalid_request_error") == "number of uploaded files exceeded"


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"purpose": "batch"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"files": {"purpose": (None, "batch")}},
        {"files": {"file": (None, "text"), "purpose": (None, "batch")}},
    ],
)
def test_a_body_without_a_file_is_refused(api: httpx.Client, sent: dict[str, Any]) -> None:
    refused(api.post("/files", **sent), 400, "invalid_request_error")


def test_a_form_that_breaks_off_is_refused_and_leaves_no_file_open(api: httpx.Client) -> None:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    broken = head + b"text that has no end"
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        answer = api.post("/files", content=broken, headers={"Content-Type": "multipart/form-data; boundary=edge"})
        gc.collect()
    assert refused(answer, 400, "invalid_request_error") == "Invalid request: file is required"
