"""Runs as of another day: the reference server and who asks it go by one clock, and models of that day are judged."""

from datetime import date

import pytest


@pytest.mark.parametrize("model", ["kimi-k2.6", "kimi-k2.5", "moonshot-v1-32k", "moonshot-v1-8k-vision-preview"])
def test_a_model_of_an_earlier_day_conforms_on_it(ran, model):
    told = ran(mode="reference", model=model, as_of=date(2026, 8, 1))
    assert (told.exit, told.counts.keys()) == (0, {"pass", "not_applicable"})


def test_evidence_of_an_earlier_day_is_made_on_it(ran):
    told = ran(mode="reference", as_of=date(2026, 8, 1), select="models.list")
    exchanges = [record for record in told.records if record["kind"] == "exchange"]
    assert {record["made_at"][:13] for record in exchanges} == {"2026-08-01T12"}


def test_a_model_that_was_retired_is_not_there_any_more(ran):
    assert ran(mode="reference", model="kimi-k2.5", as_of=date(2026, 9, 3)).exit != 0
