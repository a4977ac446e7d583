"""The OpenAI SDK for Python keeps files, and has batches answered."""

import itertools
import json
import sys
from collections.abc import Mapping
from typing import Any

import openai
from openai.types import Batch
from telling import ASKED, said, tell

client = openai.OpenAI(base_url=sys.argv[1], api_key=ASKED["key"], max_retries=0)
NOTES = "Kimi reads this.\nAnd this: 你好.\n"
WORDS = {"first": "hello", "second": "goodbye"}
# More looks than there are states of a batch.
LOOKS = 10


def files() -> dict[str, Any]:
    created = client.files.create(file=("notes.txt", NOTES.encode()), purpose="file-extract")
    retrieved = client.files.retrieve(created.id)
    content = client.files.content(created.id).text
    listed = [file.id for file in client.files.list().data]
    deleted = client.files.delete(created.id)
    return {
        "id": created.id,
        "same": retrieved.model_dump() == created.model_dump(),
        "filename": created.filename,
        "bytes": created.bytes,
        "sent": len(NOTES.encode()),
        "purpose": created.purpose,
        "content": content,
        "expected": NOTES,
        "listed": listed,
        "deleted": [deleted.id, deleted.deleted],
        "left": [file.id for file in client.files.list().data],
    }


def batches() -> dict[str, Any]:
    batch = begun(WORDS)
    statuses = [batch.status]
    while batch.status not in ("completed", "failed", "expired", "cancelled") and len(statuses) < LOOKS:
        batch = client.batches.retrieve(batch.id)
        statuses.append(batch.status)
    Batch.model_validate(batch.model_dump())
    told = [json.loads(text) for text in client.files.content(batch.output_file_id).text.splitlines()]
    answers = {line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"] for line in told}
    return {
        "statuses": statuses,
        "counts": batch.request_counts.model_dump(),
        "metadata": batch.metadata,
        "answers": answers,
        "expected": WORDS,
    }


def pages_of_batches() -> dict[str, Any]:
    created = [begun({"only": "hello"}).id for _ in range(3)]
    page = client.batches.list(limit=2)
    # Cut off: a client that is told of one more page again and again would never come to an end.
    listed = [batch.id for batch in itertools.islice(page, 100)]
    return {"created": created, "on_first_page": len(page.data), "listed": listed}


def cancelled_batch() -> list[str]:
    batch = client.batches.cancel(begun({"only": "hello"}).id)
    return [batch.status, client.batches.retrieve(batch.id).status]


def begun(words: Mapping[str, str]) -> Batch:
    lines = "".join(json.dumps(line(name, word)) + "\n" for name, word in words.items())
    file = client.files.create(file=("lines.jsonl", lines.encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"purpose": "test"},
    )


def line(name: str, word: str) -> dict[str, Any]:
    body = {"model": ASKED["batch_model"], "messages": said(f"Answer with one word: {word}")}
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}


tell(files, batches, pages_of_batches, cancelled_batch)
