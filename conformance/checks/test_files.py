"""Files: their shapes, and that what was uploaded is what is kept, told, and deleted."""

from collections.abc import Iterator
from datetime import date

from conformance import strictjson
from conformance.checks import (
    Conversation,
    asked,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.clocks import in_seconds, of_now
from conformance.judge import answers
from conformance.scenarios import files
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, find

LIFE = "files.life"
PREFIXED_SINCE = date(2026, 9, 1)

test_create_status = rule_of_status("files.create-status", "files.create")
test_list_status = rule_of_status("files.list-status", "files.list")
test_retrieve_status = rule_of_status("files.retrieve-status", "files.retrieve")
test_content_status = rule_of_status("files.content-status", "files.content")
test_delete_status = rule_of_status("files.delete-status", "files.delete")
test_shape = rule_of_shape("file")
test_list_shape = rule_of_shape("file.list")
test_delete_shape = rule_of_shape("file.delete")


def only(conversation: Conversation, endpoint: str, run: Run) -> Exchange:
    """Return the first successful exchange of an endpoint; raises CouldNotCheck where there is none."""
    exchange = asked(conversation, (endpoint,))[0]
    answers.success(exchange, run)
    return exchange


@rule_of_conversation("files.size-uploaded", LIFE)
def test_size_uploaded(conversation: Conversation, run: Run) -> Iterator[Finding]:
    told = only(conversation, "files.create", run).at("/bytes", int)
    if told != len(files.CONTENT):
        yield Finding("/bytes", str(len(files.CONTENT)), told)


@rule_of_conversation("files.purpose-uploaded", LIFE)
def test_purpose_uploaded(conversation: Conversation, run: Run) -> Iterator[Finding]:
    told = only(conversation, "files.create", run).at("/purpose", str)
    if told != files.PURPOSE:
        yield Finding("/purpose", files.PURPOSE, told)


@rule_of_exchange("files.created-seconds", "files.create")
def test_created_seconds(exchange: Exchange, run: Run) -> Iterator[Finding]:
    yield from in_seconds(exchange.at("/created_at", int), "/created_at", exchange, run)
    yield from of_now(exchange.at("/created_at", int), "/created_at", exchange, run)


@rule_of_exchange("files.id-prefix", "files.create")
def test_id_prefix(exchange: Exchange, run: Run) -> Iterator[Finding]:
    if run.moment(exchange).date() < PREFIXED_SINCE:
        raise NotApplicable("older files have no prefix")
    if not (told := exchange.at("/id", str)).startswith("file_"):
        yield Finding("/id", "file_ and more", told)


@rule_of_conversation("files.listed", LIFE)
def test_listed(conversation: Conversation, run: Run) -> Iterator[Finding]:
    created = only(conversation, "files.create", run)
    file_id = created.at("/id", str)
    entries = only(conversation, "files.list", run).at("/data", list)
    places = [index for index, entry in enumerate(entries) if find(entry, "/id") == file_id]
    if not places:
        yield Finding("/data", f"the file {file_id} that was uploaded before", f"{len(entries)} other files")
    for index in places:
        for name in ("bytes", "created_at", "filename", "purpose"):
            wanted, told = find(created.json, f"/{name}"), find(entries[index], f"/{name}")
            if told != wanted:
                yield Finding(f"/data/{index}/{name}", str(wanted), str(told))


@rule_of_conversation("files.retrieved-same", LIFE)
def test_retrieved_same(conversation: Conversation, run: Run) -> Iterator[Finding]:
    created, retrieved = only(conversation, "files.create", run), only(conversation, "files.retrieve", run)
    for name, kind in (("id", str), ("bytes", int), ("created_at", int), ("filename", str), ("purpose", str)):
        first, second = created.at(f"/{name}", kind), retrieved.at(f"/{name}", kind)
        if first != second:
            yield Finding(f"/{name}", str(first), second)


@rule_of_conversation("files.content-same", LIFE)
def test_content_same(conversation: Conversation, run: Run) -> Iterator[Finding]:
    only(conversation, "files.create", run)
    content = answers.success(only(conversation, "files.content", run), run).body
    if text_of(content).rstrip("\n") != files.CONTENT.decode().rstrip("\n"):
        yield Finding("", f"the {len(files.CONTENT)} bytes that were uploaded", content.decode("utf-8", "replace"))


def text_of(content: bytes) -> str:
    """Return the text of a file's content, which older recordings wrap in a JSON object."""
    text = content.decode("utf-8", "replace")
    if text.startswith("{"):
        try:
            wrapped = find(strictjson.loads(text), "/content")
        except strictjson.NotStrictJSON:
            return text
        return wrapped if isinstance(wrapped, str) else text
    return text


@rule_of_exchange("files.content-type", "files.content")
def test_content_type(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.file and exchange.header("content-type") is None:
        raise NotApplicable("the recording does not tell the headers")
    said = exchange.header("content-type") or "none"
    if said.split(";")[0].strip().lower() != "text/plain":
        yield Finding("header Content-Type", "text/plain", said)


@rule_of_conversation("files.deleted-id", LIFE)
def test_deleted_id(conversation: Conversation, run: Run) -> Iterator[Finding]:
    file_id = only(conversation, "files.create", run).at("/id", str)
    told = only(conversation, "files.delete", run).at("/id", str)
    if told != file_id:
        yield Finding("/id", file_id, told)


@rule_of_conversation("files.deleted-gone", LIFE)
def test_deleted_gone(conversation: Conversation, run: Run) -> Iterator[Finding]:
    only(conversation, "files.retrieve", run)
    only(conversation, "files.delete", run)
    after = [exchange for exchange in conversation if exchange.refused]
    if not after:
        raise CouldNotCheck(Finding("", "a look at the file after its deletion", "none was made"))
    code = answers.status(after[0], run)
    if code != 404:
        yield Finding("status", "404 after the deletion", code)
