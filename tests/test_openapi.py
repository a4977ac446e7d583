"""The OpenAPI document: it says what the ledger says, its examples are true, and the reference server keeps to it."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import jsonschema
import pytest
import referencing

from conformance import shipped, sse, targets
from conformance.contract import ledger, schemas
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.scenarios import scenarios

TEXT = (shipped.folder("schemas") / "openapi.json").read_text(encoding="utf-8")
DOCUMENT = json.loads(TEXT)
HOME = "https://kimi-conformance.invalid/schemas/openapi.json"
JSON, EVENTS = "application/json", "text/event-stream"
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
# Endpoints of the ledger that are another content of the same operation, the one that must not exist, and gateways'.
SAME = {
    "chat.stream": "chat.completions",
    "batches.input": "files.content",
    "batches.output": "files.content",
    "batches.errors": "files.content",
}
ENDPOINTS = {name: row for name, row in ledger.endpoints().items() if name != "unknown" and not row.host}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the document, its reference within the document followed."""
    if not node.get("$ref", "").startswith("#/"):
        return node
    found: Any = DOCUMENT
    for token in node["$ref"].split("/")[1:]:
        found = found[token]
    return found


def response(name: str, status: int | str) -> dict[str, Any]:
    """What the document says of an answer of an endpoint with a status."""
    _, _, operation = OPERATIONS[SAME.get(name, name)]
    return resolved(operation["responses"][str(status)])


def files_of(schema: dict[str, Any]) -> set[str]:
    """The schema files that a schema of the document is, or is one of."""
    return {part["$ref"].removesuffix(".json") for part in schema.get("anyOf", [schema])}


def check(schema: dict[str, Any], value: object) -> None:
    """Raise ValidationError unless a value obeys a schema of the document."""
    dialect = referencing.jsonschema.DRAFT202012
    nodes = ((node["$id"], dialect.create_resource(node)) for node in schemas.documents().values())
    registry = referencing.Registry().with_resources(nodes)
    jsonschema.Draft202012Validator({"$id": HOME, **resolved(schema)}, registry=registry).validate(value)


def check_content(media_type: str, content: dict[str, Any], text: str) -> None:
    """Raise ValidationError unless a body obeys what the document says of it."""
    if media_type == EVENTS:
        *events, done = sse.parse(text.encode()).events
        assert done.data == "[DONE]"
        for event in events:
            check({"$ref": "chat.chunk.json"}, json.loads(event.data))
    else:
        check(content["schema"], json.loads(text) if media_type == JSON else text)


def contents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body of which the document speaks: its place, its media type, and what is said of it."""
    for name, (_, _, operation) in OPERATIONS.items():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} request", media_type, content
        for status in operation["responses"]:
            for media_type, content in response(name, status)["content"].items():
                yield f"{name} {status}", media_type, content


def examples(media_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The path and the body of every example of a request of a media type."""
    for _, path, operation in OPERATIONS.values():
        content = operation.get("requestBody", {}).get("content", {}).get(media_type, {})
        for example in content.get("examples", {}).values():
            yield path, dict(resolved(example)["value"])


@pytest.fixture(scope="module")
def exchanges(ran):
    models = ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3")
    runs = [ran(mode="reference", model=model).session.run for model in models]
    said = [exchange for run in runs for said in run.conversations.values() for exchange in said]
    return [exchange for exchange in said if exchange.endpoint not in ("unknown", "preflight")]


class TestLedger:
    def test_every_endpoint_is_an_operation_and_the_reverse(self):
        assert set(OPERATIONS) == {SAME.get(name, name) for name in ENDPOINTS}

    @pytest.mark.parametrize("name", ENDPOINTS)
    def test_method_and_path_are_the_endpoints(self, name):
        method, path, _ = OPERATIONS[SAME.get(name, name)]
        assert (method, path) == (ENDPOINTS[name].method, ENDPOINTS[name].path)

    @pytest.mark.parametrize("name", ENDPOINTS)
    def test_what_succeeds_is_the_endpoints(self, name):
        _, _, operation = OPERATIONS[SAME.get(name, name)]
        succeeding = [int(status) for status in operation["responses"] if status.startswith("2")]
        assert succeeding == list(ENDPOINTS[name].success)

    @pytest.mark.parametrize("name", ENDPOINTS)
    def test_the_answer_is_the_endpoints(self, name):
        endpoint, content = ENDPOINTS[name], response(name, 200)["content"]
        if endpoint.events:
            data = resolved(content[EVENTS]["schema"])["properties"]["data"]
            assert files_of(data["anyOf"][1]["contentSchema"]) == {endpoint.answer}
        elif endpoint.answer and not endpoint.lines:
            assert files_of(content[JSON]["schema"]) == {endpoint.answer}
        else:
            assert content["text/plain"]["schema"] == {"type": "string"}

    @pytest.mark.parametrize("name", [name for name, row in ENDPOINTS.items() if row.request])
    def test_the_request_is_the_endpoints(self, name):
        _, _, operation = OPERATIONS[SAME.get(name, name)]
        assert files_of(operation["requestBody"]["content"][JSON]["schema"]) == {ENDPOINTS[name].request}

    def test_every_refusal_is_an_answer_of_the_operation_that_refuses(self, exchanges):
        asked = {name: scenario.refusal for name, scenario in scenarios().items() if scenario.refusal}
        refused = {
            (asked[exchange.scenario], exchange.endpoint)
            for exchange in exchanges
            if exchange.refused and exchange.scenario in asked
        }
        assert {name for name, _ in refused} == {
            name for name in asked.values() if name != "unknown-route" and "." not in name
        }
        for name, endpoint in refused:
            for status in ledger.refusals()[name].status:
                documented = response(endpoint, status)["content"][JSON]["schema"]
                assert set(ledger.refusals()[name].envelopes) <= files_of(documented), (name, endpoint)

    def test_the_first_server_is_the_vendors_own_target(self):
        assert DOCUMENT["servers"][0]["url"] == targets.load("moonshot").base_url


class TestExamples:
    @pytest.mark.parametrize(("place", "media_type", "content"), list(contents()))
    def test_each_obeys_what_is_said_of_its_body(self, place, media_type, content):
        assert content["examples"]
        for example in content["examples"].values():
            value = resolved(example)["value"]
            text = value if media_type in (EVENTS, "text/plain", "text/html") else json.dumps(value)
            check_content(JSON if media_type == "multipart/form-data" else media_type, content, text)

    def test_nothing_is_said_that_no_operation_refers_to(self):
        for kind in ("parameters", "schemas", "headers", "links", "responses", "examples"):
            for name in DOCUMENT["components"][kind]:
                assert f'"#/components/{kind}/{name}"' in TEXT, name

    def test_the_reference_server_accepts_each_request(self):
        asked = {"Authorization": "Bearer sk-example"}
        with running(create_app(as_of=date(2026, 9, 3))) as url, httpx.Client(base_url=url, headers=asked) as client:
            for path, example in examples("multipart/form-data"):
                answer = client.post(path, data=example, files={"file": ("requests.jsonl", example.pop("file"))})
                assert answer.status_code == 200, answer.text
            (batch_input,) = (file for file in client.get("/files").json()["data"] if file["purpose"] == "batch")
            for path, example in examples(JSON):
                known = {"input_file_id": batch_input["id"]} if "input_file_id" in example else {}
                answer = client.post(path, json=example | known)
                assert answer.status_code == 200, (path, answer.text)


class TestUse:
    def test_every_operation_is_asked_with_the_key(self):
        assert DOCUMENT["security"] == [{"bearer": []}]
        assert DOCUMENT["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        assert not any("security" in operation for _, _, operation in OPERATIONS.values())

    def test_every_link_leads_from_what_an_answer_tells_to_what_an_operation_asks(self):
        for name in OPERATIONS:
            answer = response(name, 200)
            for link in (resolved(link) for link in answer.get("links", {}).values()):
                _, path, operation = OPERATIONS[link["operationId"]]
                told = {**link.get("parameters", {}), **link.get("requestBody", {})}
                assert all(f"{{{parameter}}}" in path for parameter in link.get("parameters", {}))
                assert ("requestBody" in link) <= ("requestBody" in operation)
                for example in answer["content"][JSON]["examples"].values():
                    members = {f"$response.body#/{member}" for member in resolved(example)["value"]}
                    assert {value for value in told.values() if value.startswith("$")} <= members


class TestReferenceServer:
    def test_every_answer_is_one_that_the_document_allows(self, exchanges):
        for exchange in exchanges:
            content = response(exchange.endpoint, exchange.response.status)["content"]
            media_type = exchange.header("content-type").partition(";")[0]
            assert media_type in content, exchange.scenario
            check_content(media_type, content[media_type], exchange.response.body.decode())

    def test_every_header_of_the_service_is_documented_with_its_form(self, exchanges):
        for exchange in exchanges:
            headers = response(exchange.endpoint, exchange.response.status)["headers"]
            documented = {name.lower(): resolved(node)["schema"] for name, node in headers.items()}
            for name, value in exchange.response.headers:
                if name.lower().startswith(("msh-", "x-msh-", "retry-")):
                    schema = documented[name.lower()]
                    check(schema, int(value) if schema["type"] == "integer" else value)
