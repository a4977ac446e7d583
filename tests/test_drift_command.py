"""``drift`` tells of documents and lists of models: readable at 80 columns, as a document, and by its exit status."""

import json
from pathlib import Path

import jsonschema
import pytest

from conformance.contract import schemas
from conformance.drift import published

RETIRED = "2026-09-01"
LATE = Path(__file__).parents[1] / "cassettes/scenarios/k26-announced-k25-listed/models/list.yaml"


def document(sample="kimi-k3", *, maximum=1, path="/v1/models"):
    """A document whose list of models has a sample."""
    schema = {"properties": {"id": {"type": "string", "maxLength": maximum, "example": sample}}}
    answer = {"200": {"content": {"application/json": {"schema": schema}}}}
    return {"openapi": "3.1.0", "info": {"version": "1"}, "paths": {path: {"get": {"responses": answer}}}}


@pytest.fixture
def write(folder):
    """Write a value, or bytes, to a file and return its name."""

    def call(value: object, name: str = "docs-2026-09-02.json") -> str:
        (folder / name).write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return name

    return call


def obeys(value: object) -> None:
    jsonschema.Draft202012Validator(
        schemas.documents()["drift"], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


class TestTheExitStatus:
    def test_a_document_without_a_breaking_change_exits_with_0(self, cli, write):
        assert cli("drift", "--openapi", write(document())).code == 0

    def test_a_breaking_change_exits_with_1(self, cli, write):
        ended = cli("drift", "--openapi", write(document("kimi-k2.5")))
        assert ended.code == 1
        assert "BREAKING  sample-names-dead-model  kimi-k2.5 models.list (docs-lag)\n" in ended.out

    def test_a_lesser_change_exits_with_1_where_that_is_asked_for(self, cli, write):
        name = write(document("kimi-k2.5"), "docs-2026-04-23.json")
        assert cli("drift", "--openapi", name).code == 0
        assert cli("drift", "--openapi", name, "--fail-on", "risky").code == 1

    def test_what_could_not_be_checked_exits_with_3(self, cli, write):
        good, bad = write(document()), write(b"{", "bad.json")
        ended = cli("drift", "--openapi", good, "--openapi", bad)
        assert ended.code == 3
        assert "COULD NOT CHECK  bad.json: " in ended.out

    def test_a_breaking_change_outweighs_it(self, cli, write):
        assert cli("drift", "--openapi", write(document("kimi-k2.5")), "--openapi", write(b"{", "bad.json")).code == 1

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "nothing to compare"),
            (("--openapi", "missing.json"), "missing.json: no such file"),
            (("--openapi", "https://example.org/openapi.json"), "documents are read from files"),
            (("--models", "missing.json"), "missing.json: no such file"),
            (("--openapi", "docs-2026-09-02.json", "--as-of", "2026-09-01"), "after --as-of 2026-09-01"),
            (("--openapi", "docs-2026-09-02.json", "--since", "missing.ndjson"), "--since missing.ndjson"),
            (("--openapi", "docs-2026-09-02.json", "--since", "docs-2026-09-02.json"), "neither a run file nor"),
        ],
    )
    def test_wrong_usage_exits_with_2_and_a_sentence(self, cli, write, arguments, words):
        write(document())
        ended = cli("drift", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert words in ended.err


class TestTheDay:
    def test_a_document_is_of_the_day_in_its_name(self, cli, write):
        (source,) = cli("drift", "--openapi", write(document()), "--json").document["sources"]
        assert source["as_of"] == "2026-09-02"

    def test_else_of_the_day_asked_for(self, cli, write):
        name = write(document(), "docs.json")
        (source,) = cli("drift", "--openapi", name, "--as-of", "2026-05-05", "--json").document["sources"]
        assert source["as_of"] == "2026-05-05"

    def test_documents_are_compared_in_the_order_of_their_days(self, cli, write):
        later = write(document(maximum=2), "b-2026-09-02.json")
        earlier = write(document(maximum=1), "c-2026-09-01.json")
        changes = cli("drift", "--openapi", later, "--openapi", earlier, "--json").document["changes"]
        assert "maxLength: 1 became 2" in [one["detail"] for one in changes]

    def test_the_last_document_stands_until_the_day_asked_for(self, cli, write):
        name = write(document("kimi-k2.5"), "docs-2026-08-17.json")
        assert cli("drift", "--openapi", name, "--as-of", "2026-08-31").code == 0
        assert cli("drift", "--openapi", name, "--as-of", RETIRED).code == 1

    def test_a_name_without_a_day_that_exists_has_none(self):
        assert published.dated("docs-2026-13-45.json") is None


class TestModels:
    def test_a_recorded_list_is_judged_as_of_the_day_it_was_made(self, cli, folder):
        ended = cli("drift", "--models", LATE, "--json")
        told = [(one["change"], one["model"], one["days"]) for one in ended.document["changes"]]
        assert ended.code == 1
        assert ("announced-not-listed", "kimi-k2.6", 3) in told
        assert cli("drift", "--models", LATE, "--as-of", "2026-04-19").code == 0

    def test_a_body_alone_is_judged_as_of_the_day_in_its_name(self, cli, write):
        ended = cli("drift", "--models", write({"object": "list", "data": []}, "models-2026-04-19.json"), "--json")
        assert ended.document["as_of"] == "2026-04-19"

    @pytest.mark.parametrize("value", [b"", b"<html>", {"error": {"message": "no", "type": "x"}}, [1]], ids=str)
    def test_what_is_no_list_could_not_be_checked(self, cli, write, value):
        ended = cli("drift", "--models", write(value, "models.json"), "--json")
        assert ended.code == 3
        assert ended.document["sources"][0]["could_not_check"]

    def test_a_gateways_list_without_a_model_that_it_is_known_to_serve_could_not_be_checked(self, cli, write):
        name = write({"object": "list", "data": [{"id": "z-ai/glm-5"}]}, "models.json")
        ended = cli("drift", "--target", "openrouter", "--models", name)
        assert ended.code == 3
        assert "a model that openrouter is known to serve" in " ".join(ended.out.split())

    def test_a_gateway_that_asks_more_and_takes_less_than_was_announced(self, cli, write):
        dear = {"prompt": "0.00000095", "completion": "0.0000050", "input_cache_read": "0.00000016"}
        entry = {"id": "moonshotai/kimi-k2.6", "context_length": 131072, "pricing": dear}
        name = write({"data": [entry]}, "models-2026-09-02.json")
        ended = cli("drift", "--target", "openrouter", "--models", name, "--json")
        told = [(one["change"], one["model"], one["severity"], one["odd_one_out"]) for one in ended.document["changes"]]
        assert told == [
            ("context-differs", "kimi-k2.6", "breaking", "gateway-rewrote"),
            ("price-differs", "kimi-k2.6", "risky", "gateway-rewrote"),
        ]


class TestSince:
    def test_what_an_earlier_document_told_is_counted_and_not_told_again(self, cli, write, folder):
        name = write(document("kimi-k2.5"))
        (folder / "earlier.json").write_text(cli("drift", "--openapi", name, "--json").out)
        ended = cli("drift", "--openapi", name, "--since", "earlier.json", "--as-of", "2026-09-10", "--json")
        assert (ended.code, {one["state"] for one in ended.document["changes"]}) == (0, {"went-on"})
        assert ended.document["known"] == len(ended.document["changes"]) > 0

    def test_what_is_new_is_told(self, cli, write, folder):
        (folder / "earlier.json").write_text(cli("drift", "--openapi", write(document()), "--json").out)
        other = write(document("kimi-k2.5"), "docs-2026-09-03.json")
        assert cli("drift", "--openapi", other, "--since", "earlier.json").code == 1

    def test_a_run_file_will_do(self, cli, write, folder):
        head = {"kind": "run", "target": "moonshot", "as_of": "2026-09-01"}
        lines = [head, {"kind": "change", "change": "x", "endpoint": "y", "where": "", "since": None}]
        (folder / "run.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert cli("drift", "--openapi", write(document()), "--since", "run.ndjson").code == 0


class TestWhatIsPrinted:
    def test_the_document_obeys_its_schema_and_tells_its_exit_status(self, cli, write):
        ended = cli("drift", "--openapi", write(document("kimi-k2.5")), "--openapi", write(b"", "bad.json"), "--json")
        obeys(ended.document)
        assert ended.document["exit"] == ended.code == 1

    def test_the_counts_are_those_of_the_changes(self, cli, write):
        told = cli("drift", "--openapi", write(document("kimi-k2.5")), "--json").document
        weights = [one["severity"] for one in told["changes"]]
        assert told["counts"] == {level: weights.count(level) for level in ("breaking", "risky", "harmless")}

    def test_the_same_change_in_several_documents_is_one_entry_with_all_its_days(self, cli, write):
        names = [write(document("kimi-k2.5"), f"docs-2026-04-{day}.json") for day in (20, 23)]
        ended = cli("drift", "--openapi", names[0], "--openapi", names[1])
        assert ended.out.count("sample-lags-announcement") == 1
        assert "since 2026-04-20, seen in 2 documents, after 0, 3 days" in ended.out

    def test_no_line_is_longer_than_80_columns(self, cli, write):
        name = write(document("kimi-k2.5", path="/v1/" + "long/" * 50 + "models"))
        assert max(map(len, cli("drift", "--openapi", name).out.splitlines())) <= 80


class TestHostileDocuments:
    @pytest.mark.parametrize(
        "value",
        [
            b"", b"[]", b"{}", b"null", b"\xff", b"{" * 1000, b"\x1f\x8b", {"paths": []}, {"paths": {}},
            {"paths": {"/a": []}}, {"paths": {"/a": {"get": 1}}}, {"paths": {"/a": "get"}}, {"paths": {"/a": None}},
            {"paths": {"/a": {"get": {"responses": []}}}}, {"paths": {"/a": {"get": {"responses": {"200": 1}}}}},
            {"paths": {"/a": {"get": {"parameters": [{}]}}}}, {"paths": {"/a": {"get": {"parameters": 1}}}},
            {"servers": {}, "paths": {"/a": {"get": {}}}, "info": 1}, {"servers": [1], "paths": {"/a": {"get": {}}}},
            {"servers": [{"url": "http://["}], "paths": {"/a": {"get": {}}}},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_document_that_is_none_is_told_of_and_crashes_nothing(self, cli, write, value):
        ended = cli("drift", "--openapi", write(value), "--json")
        obeys(ended.document)
        assert ended.code in (0, 3)

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": 1},
            {"required": [1, 2]}, {"type": [1, 2], "default": None}, {"required": "ab"},
            {"type": [{}]}, {"enum": 1}, {"enum": [[1], {"a": 1}]},
            {"required": 1}, {"required": [[1]]},
            {"properties": []}, {"properties": {"a": 1}}, {"allOf": {}}, {"allOf": [1]}, {"anyOf": 1}, {"$ref": 1},
            {"$ref": "#/a"}, {"$ref": "#/paths/0"}, {"items": 1}, {"default": {"a": []}}, {"minimum": "a"}, 1, [], "a",
        ],
        ids=str,
    )  # fmt: skip
    def test_nor_does_a_schema_that_is_none(self, cli, write, schema):
        raw = document()
        raw["paths"]["/v1/models"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = schema
        names = [write(raw, "a-2026-09-01.json"), write(document(), "b-2026-09-02.json")]
        ended = cli("drift", "--openapi", names[0], "--openapi", names[1], "--json")
        obeys(ended.document)
        assert ended.code in (0, 1, 3)

    def test_references_that_double_at_each_step_come_to_an_end(self, cli, write):
        raw = document()
        twice = {f"S{number}": {"allOf": [{"$ref": f"#/components/schemas/S{number + 1}"}] * 2} for number in range(60)}
        raw["components"] = {"schemas": twice | {"S60": {}}}
        raw["paths"]["/v1/models"]["get"]["requestBody"] = {
            "content": {"a": {"schema": {"$ref": "#/components/schemas/S0"}}}
        }
        ended = cli("drift", "--openapi", write(raw))
        assert ended.code == 3
        assert "more than 100000 schemas" in " ".join(ended.out.split())

    def test_models_named_without_end_could_not_be_checked(self, cli, write):
        raw = document()
        for number in range(3000):
            raw["paths"][f"/{number}"] = {
                "get": {"parameters": [{"in": "query", "name": "a", "schema": {"enum": [f"kimi-{number}"]}}]}
            }
        assert cli("drift", "--openapi", write(raw)).code == 3

    def test_changes_without_end_are_counted_and_not_kept(self, cli, write):
        raw = document()
        raw["paths"] |= {f"/{number}": {"get": {"responses": {}}} for number in range(3000)}
        names = [write(document(), "a-2026-09-01.json"), write(raw, "b-2026-09-02.json")]
        told = cli("drift", "--openapi", names[0], "--openapi", names[1], "--json").document
        assert told["left_out"] > 900
        assert len(told["changes"]) < 2100

    def test_what_a_terminal_would_obey_is_shown_as_an_escape(self, cli, write):
        raw = document()
        raw["paths"]["/\x1b[2J\u202e"] = {"get": {"responses": {}}}
        names = [write(document(), "a-2026-09-01.json"), write(raw, "b-2026-09-02.json")]
        out = cli("drift", "--openapi", names[0], "--openapi", names[1]).out
        assert "\x1b" not in out
        assert "\u202e" not in out

    def test_the_key_is_written_nowhere(self, cli, write, key):
        raw = document()
        raw["paths"][f"/{key}"] = {"get": {"responses": {}}}
        names = [write(document(), "a-2026-09-01.json"), write(raw, "b-2026-09-02.json")]
        ended = cli("drift", "--openapi", names[0], "--openapi", names[1], "--json")
        assert key not in ended.out + ended.err
