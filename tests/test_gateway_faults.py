"""Gateways that lie: each lie is found by a run, and told to be the gateway's; what is the vendor's own is told so."""

import fnmatch
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from conformance import targets
from conformance.contract import schemas
from conformance.evidence.runfile import verdict_record
from conformance.proof import bench
from conformance.proof.trials import EXIT
from conformance.reference import faults
from conformance.report import results
from conformance.report.text import complaint
from conformance.runner import attribution
from conformance.vocabulary import Finding, Mode, OddOneOut, Status, Verdict

HOSTS = {"openrouter": "openrouter", "aimlapi": "aimlapi", "openai-compatible": "compatible"}
KEY = "sk-tests-of-the-suite-0123456789"
OF_GATEWAYS = {name: fault for name, fault in faults().items() if {*fault.models} & {*bench.GATEWAYS}}
# One gateway each; that the others are found out as well is shown by selftest.
TOLD = [(name, fault.models[0]) for name, fault in OF_GATEWAYS.items() if fault.mode is Mode.REFERENCE]
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def lied(ran):
    """Run what a lie breaks against a gateway in this process that tells it; each once."""
    known = {}

    def run(name, gateway):
        if name not in known:
            known[name] = ran(mode="reference", target=bench.GATEWAYS[gateway], as_of=DAY, faults=(name,), max_cost=1)
        return known[name]

    return run


def broken(told):
    return [record for record in told.verdicts if record["status"] in ("fail", "warn")]


class TestInThisProcess:
    def test_there_are_more_than_twenty(self):
        assert len(TOLD) > 20

    @pytest.mark.parametrize(("name", "gateway"), TOLD)
    def test_each_is_found_by_a_clause_that_its_row_names(self, name, gateway, lied):
        told = lied(name, gateway)
        assert told.exit == EXIT[faults()[name].effect]
        found = {record["clause"] for record in broken(told)}
        assert any(fnmatch.filter(found, pattern) for pattern in faults()[name].breaks)

    @pytest.mark.parametrize(("name", "gateway"), TOLD)
    def test_each_is_told_to_be_the_gateways(self, name, gateway, lied):
        blamed = {record["odd_one_out"] for record in broken(lied(name, gateway))}
        assert blamed == {OddOneOut.GATEWAY.value}

    @pytest.mark.parametrize(("name", "gateway"), TOLD)
    def test_a_person_reads_it_in_one_sentence_that_names_the_gateway(self, name, gateway, lied):
        record = broken(lied(name, gateway))[0]
        assert f"gateway-rewrote: {record['attribution']}" in complaint(record)
        assert gateway in record["attribution"]


class TestOverTheWire:
    @pytest.mark.parametrize(
        ("fault", "clause"),
        [
            ("gateway-buffers-stream", "stream.incremental"),
            ("gateway-ids-change-in-stream", "stream.id.constant"),
            ("gateway-accepts-any-key", "openrouter.bad-key.status"),
        ],
    )
    def test_a_gateway_that_is_served_is_found_out(self, fault, clause, ran, monkeypatch):
        monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
        command = [sys.executable, "-m", "conformance.cli", "serve", "--port", "0", "--profile", "openrouter"]
        paths = os.environ | {"PYTHONPATH": str(Path(targets.__file__).parents[2])}
        with subprocess.Popen([*command, "--fault", fault], stdout=subprocess.PIPE, text=True, env=paths) as process:
            try:
                url = process.stdout.readline().strip()
                told = ran(target=f"openrouter={url}", mode="live", max_cost=1, select="stream or openrouter.bad-key")
            finally:
                process.terminate()
        assert {(record["clause"], record["odd_one_out"]) for record in broken(told)} == {(clause, "gateway-rewrote")}


class TestWhomToBlame:
    def test_what_a_gateway_documents_of_itself_needs_no_other_witness(self, lied):
        record = broken(lied("gateway-accepts-any-key", "openrouter"))[0]
        assert record["attribution"] == "openrouter documents this of itself, and does otherwise."

    def test_recordings_of_the_reference_server_are_called_so(self, lied):
        record = broken(lied("gateway-ids-change-in-stream", "openrouter"))[0]
        assert record["attribution"] == (
            "The vendor's own host keeps this clause by its contract and in the recordings that come along, which are "
            "of the reference server: openrouter changed it, or who answers behind it."
        )

    @pytest.fixture
    def blamed(self, monkeypatch, ran):
        """Blame somebody for what broke at a gateway, where the vendor's own host was recorded with some lies."""

        def blame(provenance, *lies):
            run = ran(mode="reference", as_of=DAY, faults=lies, select="chat.usage.sum").session.run
            monkeypatch.setattr(attribution, "_recorded", lambda _model: (run, provenance))
            check = next(one for one in bench.checks() if one.clause.id == "chat.usage.sum")
            reached = Verdict(check.clause, check.scenario, check.clause.endpoint, Status.FAIL, (Finding("", "", 0),))
            return attribution.attributed(reached, targets.load("openrouter"), "moonshotai/kimi-k2.6", check)

        return blame

    def test_what_the_vendors_own_host_breaks_too_is_not_the_gateways(self, blamed):
        verdict = blamed("live", "usage-sum-off")
        assert verdict.odd_one_out is OddOneOut.SERVICE
        assert "openrouter passes on what it is given" in verdict.attribution

    def test_unless_only_a_stand_in_does(self, blamed):
        verdict = blamed("reference", "usage-sum-off")
        assert (verdict.odd_one_out, "by its contract:" in verdict.attribution) == (OddOneOut.GATEWAY, True)

    def test_a_live_recording_is_a_witness(self, blamed):
        assert "in the recordings that come along:" in blamed("live").attribution

    def test_nobody_is_blamed_at_the_vendors_own_host(self, ran):
        told = ran(mode="reference", as_of=DAY, faults=("usage-sum-off",), select="chat.usage.sum")
        assert all("odd_one_out" not in record for record in broken(told))

    def test_nor_for_what_holds(self):
        clause = bench.checks()[0].clause
        passed = Verdict(clause, "s", clause.endpoint, Status.PASS)
        assert "attribution" not in verdict_record(attribution.attributed(passed, targets.load("openrouter")))

    def test_the_records_and_the_results_are_as_their_schemas_say(self, lied):
        records = lied("gateway-ids-change-in-stream", "openrouter").records
        jsonschema.validate(results.document(records), schemas.documents()["run"])
        for record in [record for record in records if "odd_one_out" in record]:
            jsonschema.validate(record, schemas.documents()["runfile.line"])

    def test_the_summary_tells_it(self, lied):
        text = results.markdown(lied("gateway-stream-without-done", "openrouter").records)
        assert "openrouter changed it, or who answers behind it" in text
