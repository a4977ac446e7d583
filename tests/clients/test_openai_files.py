"""The OpenAI SDK for Python keeps files at the reference server, and has batches answered."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("openai", "openai_files.py", base_url)


def test_an_uploaded_file_is_told_with_its_name_and_purpose(saw: Any) -> None:
    assert (saw("files")["filename"], saw("files")["purpose"]) == ("notes.txt", "file-extract")


def test_a_file_has_as_many_bytes_as_were_sent(saw: Any) -> None:
    assert saw("files")["bytes"] == saw("files")["sent"]


def test_a_file_is_told_the_same_when_it_is_asked_for(saw: Any) -> None:
    assert saw("files")["same"]


def test_a_file_is_in_the_list(saw: Any) -> None:
    assert saw("files")["id"] in saw("files")["listed"]


def test_the_text_of_a_file_comes_back(saw: Any) -> None:
    assert saw("files")["content"] == saw("files")["expected"]


def test_a_deleted_file_is_told_to_be_deleted(saw: Any) -> None:
    assert saw("files")["deleted"] == [saw("files")["id"], True]


def test_a_deleted_file_is_in_the_list_no_more(saw: Any) -> None:
    assert saw("files")["id"] not in saw("files")["left"]


def test_a_batch_goes_through_its_states_until_it_is_completed(saw: Any) -> None:
    assert saw("batches")["statuses"] == ["validating", "in_progress", "finalizing", "completed"]


def test_every_line_of_a_batch_is_answered(saw: Any) -> None:
    assert saw("batches")["answers"] == saw("batches")["expected"]


def test_a_batch_counts_its_lines(saw: Any) -> None:
    assert saw("batches")["counts"] == {"completed": 2, "failed": 0, "total": 2}


def test_a_batch_keeps_its_metadata(saw: Any) -> None:
    assert saw("batches")["metadata"] == {"purpose": "test"}


def test_a_page_of_batches_is_no_longer_than_asked(saw: Any) -> None:
    assert saw("pages_of_batches")["on_first_page"] == 2


def test_the_pages_of_batches_hold_every_batch_once(saw: Any) -> None:
    listed = saw("pages_of_batches")["listed"]
    assert set(saw("pages_of_batches")["created"]) <= set(listed)
    assert len(set(listed)) == len(listed)


def test_a_batch_can_be_cancelled(saw: Any) -> None:
    assert saw("cancelled_batch") == ["cancelling", "cancelled"]
