"""Model ids belong to a host: the catalogue of hosts, and ids that are found wrong before a request is sent."""

import json
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conformance import catalogue, targets
from conformance.catalogue import gateways
from conformance.rows import ConfigurationError
from conformance.runner.settings import settings
from conformance.scenarios import refused_chats
from conformance.scenarios.refused_chats import read

DAY = date(2026, 11, 24)


class TestTheCatalogue:
    def test_every_host_has_sources(self):
        for host in gateways.hosts().values():
            assert host.sources
            assert all(source.startswith("https://") for source in host.sources)

    def test_every_target_that_travels_with_the_package_is_at_a_host_of_it(self):
        for target in map(targets.load, targets.names()):
            if target.base_url and not targets.is_loopback(urlsplit(target.base_url).hostname or ""):
                host = gateways.host_of(target.base_url)
                assert host, target.name
                assert host.official == target.official

    def test_a_target_asks_for_an_id_that_its_host_knows(self):
        for target in map(targets.load, targets.names()):
            host = gateways.host_of(target.base_url)
            assert host is None or host.id in gateways.ids()[target.model].hosts

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://api.moonshot.ai/v1", "moonshot"),
            ("https://API.moonshot.cn", "moonshot-cn"),
            ("https://openrouter.ai/api/v1/", "openrouter"),
            ("https://api.aimlapi.com:443/v1", "aimlapi"),
        ],
    )
    def test_a_base_url_belongs_to_the_host_that_it_begins_with(self, url, host):
        assert gateways.host_of(url).id == host

    @pytest.mark.parametrize(
        "url",
        [
            "https://api.moonshot.ai.example/v1",
            "https://example/api.moonshot.ai",
            "https://openrouter.ai/docs",
            "https://api.moonshot.ai@evil.example/v1",
            "",
        ],
    )
    def test_another_url_belongs_to_none(self, url):
        assert gateways.host_of(url) is None

    def test_kimi_k3_has_the_same_id_at_two_gateways(self):
        assert gateways.ids()["moonshotai/kimi-k3"].hosts == {"openrouter", "aimlapi"}


class TestWhatToUseToday:
    def test_a_model_that_is_to_be_had_is_its_own_replacement(self):
        assert gateways.replacement("kimi-k3", DAY) is catalogue.models()["kimi-k3"]

    @pytest.mark.parametrize("model", [name for name, one in catalogue.models().items() if one.retired])
    def test_a_replacement_is_to_be_had_and_takes_what_the_old_one_took(self, model):
        instead = gateways.replacement(model, DAY)
        assert instead.available(DAY)
        assert instead.modalities >= catalogue.models()[model].modalities

    def test_it_is_the_cheapest(self):
        assert gateways.replacement("kimi-k2.5", DAY).id == "kimi-k2.6"

    def test_there_is_none_where_nothing_takes_as_much(self):
        assert gateways.replacement("kimi-k3", date(2020, 1, 1)) is None


class TestBeforeARequestIsSent:
    @pytest.mark.parametrize(
        ("target", "model", "use"),
        [
            ("moonshot", "moonshotai/kimi-k2.6", "use kimi-k2.6 there"),
            ("moonshot", "moonshot/kimi-k2-6", "use kimi-k2.6 there"),
            ("moonshot", "moonshotai/kimi-k2.5", "use kimi-k2.6 there"),
            ("reference", "moonshotai/kimi-k2.6", "use kimi-k2.6 there"),
            ("https://gateway.example/v1", "moonshotai/kimi-k2.6", "use kimi-k2.6 there"),
            ("openrouter", "kimi-k2.6", "use moonshotai/kimi-k2.6 there"),
            ("openrouter", "moonshot/kimi-k2-6", "use moonshotai/kimi-k2.6 there"),
            ("openai-compatible=https://openrouter.ai/api/v1", None, "use moonshotai/kimi-k2.6 there"),
            ("openai-compatible=https://api.aimlapi.com/v1", "kimi-k2.6", "use moonshot/kimi-k2-6 there"),
            ("https://openrouter.ai/api/v1", None, "use moonshotai/kimi-k2.6 there"),
            ("openrouter", "kimi-k2.7-code-highspeed", "no id of it is known at openrouter.ai"),
        ],
    )
    def test_an_id_of_another_host_is_refused_with_the_id_to_use(self, target, model, use):
        with pytest.raises(ConfigurationError, match=use):
            settings(target=target, mode="reference", model=model, as_of=DAY)

    @pytest.mark.parametrize(
        ("target", "model"),
        [
            ("moonshot", "kimi-k2.6"),
            ("openrouter", None),
            ("openrouter", "moonshotai/kimi-k2.6:free"),
            ("openrouter", "z-ai/glm-5"),
            ("openai-compatible=https://gateway.example/v1", "moonshotai/kimi-k2.6"),
            ("https://openrouter.ai/api/v1", "moonshotai/kimi-k2.6"),
        ],
    )
    def test_an_id_that_the_host_may_know_is_taken(self, target, model):
        assert settings(target=target, mode="reference", model=model).model

    def test_a_target_of_your_own_may_ask_for_a_model_that_was_never_announced(self, folder):
        (folder / "mine.toml").write_text(
            'base_url = "https://api.moonshot.ai/v1"\nkey_variable = "K"\nmodel = "early-access"\nofficial = true\n'
            'endpoints = ["models.list"]\n'
        )
        assert settings(target="mine.toml", mode="reference").model == "early-access"

    def test_it_is_wrong_usage(self, cli):
        ended = cli("run", "--target", "moonshot", "--model", "moonshotai/kimi-k2.6", "--as-of", "2026-11-24")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "Error: --target moonshot: moonshotai/kimi-k2.6 is an id of openrouter.ai, "
            "and not of api.moonshot.ai; use kimi-k2.6 there\n"
        )

    def test_fuzz_finds_it_too(self, cli, key):
        ended = cli("fuzz", "--model", "moonshot/kimi-k2-6", "--seed", "1")
        assert (ended.code, ended.out) == (2, "")
        assert "use kimi-k2.6 there" in ended.err


def test_the_ids_that_must_be_refused_are_those_of_gateways():
    rows = read(Path(refused_chats.__file__).with_suffix(".toml"))
    (row,) = (row for row in rows if row.refusal == "gateway-id")
    asked = {json.loads(body)["model"] for body in row.bodies}
    own = {host.id_of("kimi-k2.6") for host in gateways.hosts().values() if not host.official}
    assert asked == own
