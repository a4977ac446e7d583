"""Recorded evidence: the endpoint is told by method and path where they are known, else by the shape of the body."""

import csv
from pathlib import Path

import pytest

from conformance.evidence.recorded import files, place, read
from conformance.evidence.recorded.places import place_request

RECORDINGS = Path(__file__).parents[2] / "shared" / "recordings"
INDEX = RECORDINGS / "INDEX.tsv"

SHAPES = [
    ("chat.completions", {"object": "chat.completion"}),
    ("chat.completions", {"choices": [{"message": {"role": "assistant"}}]}),
    ("chat.completions", {"choices": [{"message": {}}], "error": {"message": "late"}}),
    ("chat.completions", {"id": "chatcmpl-1", "usage": {}}),
    ("chat.completions.chunk", {"object": "chat.completion.chunk", "choices": []}),
    ("chat.completions.chunk", {"choices": [{"delta": {}}]}),
    ("models.list", {"object": "list", "data": [{"object": "model"}]}),
    ("models.list", {"data": [{"id": "kimi-k3", "context_length": 1}]}),
    ("models.entry", {"object": "model", "id": "kimi-k3"}),
    ("balance", {"code": 0, "data": {"available_balance": "1"}, "scode": "0x0", "status": True}),
    ("balance", {"code": 5, "data": None, "scode": "0x5", "status": False}),
    ("users.me", {"code": 0, "data": {"organization": {}}, "scode": "0x0", "status": True}),
    ("tokens.estimate", {"data": {"total_tokens": 8}}),
    ("files.create", {"object": "file", "id": "file_1"}),
    ("files.create", {"id": "file_1", "filename": "a.txt"}),
    ("files.list", {"object": "list", "data": [{"object": "file"}]}),
    ("files.delete", {"object": "file", "id": "file_1", "deleted": True}),
    ("files.content", {"content": "text", "file_type": "text/plain", "filename": "a.txt"}),
    ("batches.retrieve", {"object": "batch", "id": "batch_1"}),
    ("batches.retrieve", {"id": "batch_1", "input_file_id": "file_1"}),
    ("batches.list", {"object": "list", "data": [{"object": "batch"}]}),
    ("batches.list", {"object": "list", "data": [], "has_more": False}),
    ("batches.output", {"id": "r", "custom_id": "r", "response": {}, "error": None}),
    ("batches.output", {"custom_id": "r", "error": {"message": "expired"}}),
    ("batches.input", {"custom_id": "r", "method": "POST", "url": "/v1/chat/completions", "body": {}}),
    ("error", {"error": {"message": "m", "type": "t"}}),
    ("error", {"code": 5, "error": "url.not_found", "message": "m", "scode": "0x5", "status": False}),
    ("error", {"type": "error", "error": {"type": "t", "message": "m"}, "request_id": "r"}),
    ("kimi-code.usages", {"usage": {"limit": "100", "resetTime": "t"}, "limits": []}),
    ("bedrock.converse", {"output": {"message": {}}, "stopReason": "end_turn", "usage": {}}),
    ("bedrock.converse-stream", {"messageStart": {"role": "assistant"}}),
    ("anthropic.messages", {"type": "message", "role": "assistant", "content": []}),
    ("responses", {"object": "response", "error": {"message": "m"}}),
    (None, {}),
    (None, {"object": "list", "data": []}),
    (None, {"model": "kimi-k3", "messages": []}),
    (None, {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
    (None, {"object": ["list"], "data": 3, "choices_": None, "id": {}}),
    (None, []),
    (None, "chat.completion"),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "body"), SHAPES)
def test_the_shape_of_a_body_tells_its_endpoint(endpoint, body):
    assert place(body) == endpoint


REQUESTS = [
    ("POST", "https://api.moonshot.ai/v1/chat/completions", "chat.completions"),
    ("post", "https://api.moonshot.ai/v1/chat/completions/?a=b", "chat.completions"),
    ("POST", "https://gateway.example/kimi/chat/completions", "chat.completions"),
    ("POST", "/v1/chat/completions", "chat.completions"),
    ("GET", "https://api.moonshot.ai/v1/models", "models.list"),
    ("GET", "https://api.moonshot.ai/v1/models/kimi-k3", "models.entry"),
    ("GET", "https://api.moonshot.ai/v1/users/me/balance", "balance"),
    ("GET", "https://api.moonshot.ai/v1/users/me", "users.me"),
    ("POST", "https://api.moonshot.ai/v1/tokenizers/estimate-token-count", "tokens.estimate"),
    ("POST", "https://api.moonshot.ai/v1/files", "files.create"),
    ("GET", "https://api.moonshot.ai/v1/files?limit=2", "files.list"),
    ("GET", "https://api.moonshot.ai/v1/files/file_1", "files.retrieve"),
    ("DELETE", "https://api.moonshot.ai/v1/files/file_1", "files.delete"),
    ("GET", "https://api.moonshot.ai/v1/files/file_1/content", "files.content"),
    ("POST", "https://api.moonshot.ai/v1/batches", "batches.create"),
    ("GET", "https://api.moonshot.ai/v1/batches", "batches.list"),
    ("GET", "https://api.moonshot.ai/v1/batches/batch_1", "batches.retrieve"),
    ("POST", "https://api.moonshot.ai/v1/batches/batch_1/cancel", "batches.cancel"),
    ("GET", "https://api.moonshot.ai/anthropic/v1/models", "anthropic.models"),
    ("POST", "https://api.moonshot.ai/anthropic/v1/messages", "anthropic.messages"),
    ("POST", "https://bedrock.example/model/moonshot.kimi-k2-thinking/converse", "bedrock.converse"),
    ("GET", "https://www.example/files/logo.png", None),
    ("OPTIONS", "https://api.moonshot.ai/v1/chat/completions", None),
    ("GET", "http://[broken/v1/models", None),
]


@pytest.mark.parametrize(("method", "url", "endpoint"), REQUESTS)
def test_a_method_and_the_end_of_a_path_tell_the_endpoint(method, url, endpoint):
    assert place_request(method, url) == endpoint


def recordings() -> list[dict[str, str]]:
    if not INDEX.exists():
        return []
    with INDEX.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def indexed(*folders: str) -> list[dict[str, str]]:
    return [row for row in recordings() if row["file"].startswith(folders)]


# What the index calls an endpoint is a request; these are the names of what stands in the file.
FRAGMENTS = {
    "models/k3_admission__single_entry_2026-07-17.json": "models.entry",
    "batches/documented__batch_create_no_status.json": "batches.retrieve",
    "gateways/wandb_openrouter/k2.6_tool_choice_none_usage.json": "unknown",
}


def expected(row: dict[str, str]) -> str:
    if row["file"] in FRAGMENTS:
        return FRAGMENTS[row["file"]]
    if "chunk)" in row["endpoint"]:
        return "chat.completions.chunk"
    if row["http_status"] != "200":
        return "error"
    method, url = row["endpoint"].replace("{id}", "id").split()[:2]
    return place_request(method, url) or row["endpoint"]


@pytest.mark.skipif(not INDEX.exists(), reason="the recordings of other people are not part of this repository")
class TestRecordings:
    def test_every_body_is_of_the_endpoint_that_the_index_names(self):
        folders = ("balance/", "batches/", "chat/", "errors/", "files/", "models/", "tokens/")
        rows = indexed(*folders)
        assert len(rows) > 50
        found = {row["file"]: {exchange.endpoint for exchange in read(RECORDINGS / row["file"])} for row in rows}
        assert found == {row["file"]: {expected(row)} for row in rows}

    def test_every_answer_of_a_gateway_is_chat_a_list_of_models_or_an_error(self):
        other = {"bedrock.converse-stream", "unknown", "chat.stream"}
        for row in indexed("gateways/"):
            for exchange in read(RECORDINGS / row["file"]):
                assert exchange.endpoint in {"chat.completions", "models.list", "error"} | other, row["file"]
                if row["http_status"] == "200" and row["endpoint"].endswith("/chat/completions"):
                    assert exchange.endpoint == ("chat.stream" if row["file"].endswith(".sse") else "chat.completions")

    def test_every_cassette_has_its_answers(self):
        for row in indexed("cassettes/"):
            exchanges = list(read(RECORDINGS / row["file"]))
            usual = "bedrock.converse" if "bedrock" in row["file"] else "chat.completions"
            assert {exchange.endpoint for exchange in exchanges} == {usual}
            assert all(exchange.response.status == 200 and exchange.response.body for exchange in exchanges)

    def test_a_bedrock_stream_is_told_as_such(self):
        for row in indexed("gateways/bedrock/"):
            assert {each.endpoint for each in read(RECORDINGS / row["file"])} == {"bedrock.converse-stream"}

    def test_no_file_of_the_whole_folder_goes_missing(self):
        assert all(list(read(path)) for path in files([RECORDINGS]))
