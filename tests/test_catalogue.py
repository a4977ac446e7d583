"""What was announced: the models of a day, each with the pages that say so."""

import json
from datetime import date, timedelta

import pytest

from conformance import catalogue
from conformance.rows import ConfigurationError
from conformance.scenarios import scenarios
from conformance.vocabulary import Announcement

MODEL = """
[[model]]
id = "{id}"
family = "a"
announced = 2026-01-01
modalities = ["text"]
sources = ["https://vendor.example"]
read = 2026-01-02
"""
FAMILY = """
[[family]]
id = "a"
thinks = "never"
smallest_call = { max_completion_tokens = 8 }
source = "https://vendor.example"
read = 2026-01-02
"""
FEATURE = """
[[feature]]
id = "x"
lack = "lacks it"
families = ["a"]
source = "https://vendor.example"
read = 2026-01-02
"""
DAY = timedelta(days=1)


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Read a catalogue of one's own."""

    def load(models: str, families: str = FAMILY):
        (tmp_path / "models.toml").write_text(models, encoding="utf-8")
        (tmp_path / "families.toml").write_text(families, encoding="utf-8")
        monkeypatch.setattr(catalogue, "_HERE", tmp_path)
        catalogue.models.cache_clear()
        catalogue.families.cache_clear()
        return catalogue.models()

    yield load
    monkeypatch.undo()
    catalogue.models.cache_clear()
    catalogue.families.cache_clear()


# What the shipped catalogue says


@pytest.mark.parametrize("model", catalogue.models().values(), ids=catalogue.models())
class TestEveryModel:
    def test_is_there_from_the_day_of_its_announcement(self, model):
        assert model.id not in catalogue.available(model.announced - DAY)
        assert model.id in catalogue.available(model.announced)

    def test_is_there_until_the_end_of_the_day_of_its_retirement(self, model):
        if model.retired:
            assert model.id in catalogue.available(model.retired)
            assert model.id not in catalogue.available(model.retired + DAY)
        else:
            assert model.id in catalogue.available(date.max)

    def test_has_https_sources_that_were_read_after_the_announcement(self, model):
        assert all(source.startswith("https://") for source in model.sources)
        assert model.sources
        assert model.read >= model.announced

    def test_was_not_retired_before_it_was_announced(self, model):
        assert model.retired is None or model.retired > model.announced

    def test_belongs_to_a_family(self, model):
        assert catalogue.family_of(model.id) is catalogue.families()[model.family]

    def test_costs_something(self, model):
        assert model.price is None or 0 < model.price.cache_hit <= model.price.input <= model.price.output


@pytest.mark.parametrize("family", catalogue.families().values(), ids=catalogue.families())
class TestEveryFamily:
    def test_has_an_https_source(self, family):
        assert family.source.startswith("https://")

    def test_has_a_smallest_call_of_bounded_length(self, family):
        assert 0 < family.smallest_call["max_completion_tokens"] <= 256

    def test_has_a_model(self, family):
        assert family.id in {model.family for model in catalogue.models().values()}


def test_k26_came_on_the_20th_of_april_2026_beside_k25():
    assert "kimi-k2.6" not in catalogue.available(date(2026, 4, 19))
    assert {"kimi-k2.5", "kimi-k2.6"} <= set(catalogue.available(date(2026, 4, 20)))


def test_k25_was_there_until_the_end_of_august_2026():
    assert "kimi-k2.5" in catalogue.available(date(2026, 8, 31))
    assert "kimi-k2.5" not in catalogue.available(date(2026, 9, 1))


def test_nothing_was_there_before_the_first_announcement():
    assert catalogue.available(date(2000, 1, 1)) == {}


def test_a_model_that_was_never_announced_has_no_family():
    assert catalogue.family_of("kimi-k9") is None


# What a model can be asked for


@pytest.mark.parametrize("feature", catalogue.features().values(), ids=catalogue.features())
class TestEveryFeature:
    def test_is_had_by_some_family_and_not_by_all(self, feature):
        assert set() < feature.families < catalogue.families().keys()

    def test_says_with_a_link_why_a_model_that_lacks_it_does(self, feature):
        for model in catalogue.models().values():
            why = catalogue.lacks(model.id, feature.id)
            assert (why is None) == (model.family in feature.families)
            assert why is None or why == f"{model.id} {feature.lack} ({feature.source})"


def test_every_need_of_a_scenario_is_a_feature_or_a_modality():
    needed = {need for scenario in scenarios().values() for need in scenario.needs}
    assert needed <= catalogue.features().keys() | catalogue.MODALITIES


def test_a_modality_is_a_feature_that_the_row_of_the_model_tells():
    assert catalogue.lacks("kimi-k2.6", "image") is None
    assert catalogue.lacks("kimi-k2-0905-preview", "image").startswith("kimi-k2-0905-preview takes no image (https://")


def test_of_a_model_that_nobody_knows_nothing_is_taken_for_granted():
    for feature in [*catalogue.features(), *catalogue.MODALITIES]:
        assert catalogue.lacks("kimi-k9", feature) == "the catalogue does not know what kimi-k9 can be asked for"


# What its parameters may be


@pytest.mark.parametrize("family", catalogue.families())
class TestTheParametersOfEveryFamily:
    def test_have_one_rule_each_in_each_mode(self, family):
        for mode in catalogue.modes(family):
            fitting = [
                rule.parameter
                for rule in catalogue.parameter_rules()
                if (not rule.families or family in rule.families) and rule.mode in ("any", mode)
            ]
            assert sorted(fitting) == sorted(catalogue.rules_for(family, mode))

    def test_are_ruled_alike_in_every_mode(self, family):
        assert len({frozenset(catalogue.rules_for(family, mode)) for mode in catalogue.modes(family)}) == 1


@pytest.mark.parametrize("rule", catalogue.parameter_rules(), ids=lambda rule: f"{rule.parameter} {rule.mode}")
class TestEveryRule:
    def test_names_families_that_there_are(self, rule):
        assert set(rule.families) <= catalogue.families().keys()

    def test_has_an_https_source(self, rule):
        assert rule.source.startswith("https://")
        assert rule.disputed_source.startswith("https://") or not rule.disputed

    def test_has_one_value_or_two_bounds(self, rule):
        assert bool(rule.only) != (rule.minimum < rule.maximum)

    def test_calls_wrong_only_what_it_does_not_allow(self, rule):
        for text in (*rule.wrong, *rule.disputed):
            value = json.loads(text)
            allowed = value == json.loads(rule.only) if rule.only else rule.minimum <= value <= rule.maximum
            assert not allowed


@pytest.mark.parametrize(
    ("family", "modes"),
    [("k2", ("plain",)), ("k2.6", ("plain", "thinking")), ("k2.7-code", ("thinking",)), ("k3", ("thinking",))],
)
def test_a_family_answers_plainly_or_thinking_or_both(family, modes):
    assert catalogue.modes(family) == modes


def test_k26_has_another_temperature_while_it_thinks():
    told = {mode: catalogue.rules_for("k2.6", mode)["temperature"].only for mode in catalogue.modes("k2.6")}
    assert told == {"plain": "0.6", "thinking": "1"}


def test_batches_are_billed_at_a_share_of_the_price():
    assert catalogue.batch_share() == 0.6


# What the loader refuses


@pytest.mark.parametrize(
    ("name", "text", "read", "message"),
    [
        ("features", FEATURE.replace('"a"]', '"b"]'), "features", "x: unknown family 'b'"),
        ("features", FEATURE * 2, "features", "'x' stands twice"),
        ("features", FEATURE.replace('lack = "lacks it"\n', ""), "features", "the key 'lack' is missing"),
        ("parameters", '[[rule]]\nparameter = "n"\n', "parameter_rules", "is missing"),
        ("billing", "[[billing]]\nbatch_share = 0.6\n", "batch_share", "the key 'source' is missing"),
    ],
)
def test_a_row_of_what_models_can_do_that_is_wrong_is_named(loaded, tmp_path, name, text, read, message):
    loaded(MODEL.format(id="m"))
    (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{name}\\.toml.*{message}"):
        getattr(catalogue, read).__wrapped__()


def test_a_catalogue_of_ones_own_is_read(loaded):
    assert loaded(MODEL.format(id="m"))["m"].announced == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (MODEL.format(id="m") + 'colour = "red"\n', r"models\.toml: m: unknown key 'colour'"),
        (MODEL.format(id="m") * 2, r"models\.toml: 'm' stands twice"),
        (MODEL.format(id="m").replace('sources = ["https://vendor.example"]', "sources = []"), "needs a source"),
        (MODEL.format(id="m").replace("https://", "http://"), r"m: .*https"),
        (MODEL.format(id="m").replace('"a"', '"b"'), "unknown family 'b'"),
        (MODEL.format(id="m").replace("announced = 2026-01-01\n", ""), "the key 'announced' is missing"),
        (MODEL.format(id="m").replace("2026-01-01", '"2026-01-01"'), "announced must be a date"),
        (MODEL.format(id="m") + "price = 3\n", "price must be"),
        (MODEL.format(id="m") + "retired = 2025-12-31\n", "m: .*retired"),
        ("[[modle]]\n", "unknown key 'modle'"),
    ],
)
def test_a_row_that_is_wrong_is_named(loaded, models, message):
    with pytest.raises(ConfigurationError, match=message):
        loaded(models)


@pytest.mark.parametrize(
    ("families", "message"),
    [
        (FAMILY * 2, "'a' stands twice"),
        (FAMILY + "x = 1\n", "unknown key 'x'"),
    ],
)
def test_a_family_that_is_wrong_is_named(loaded, families, message):
    with pytest.raises(ConfigurationError, match=message):
        loaded(MODEL.format(id="m"), families)


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), True),
        (date(2026, 1, 3), True),
        (date(2026, 1, 4), True),
        (date(2026, 1, 5), False),
    ],
)
def test_a_model_is_available_on_both_its_first_and_its_last_day(day, there):
    model = Announcement("m", "a", date(2026, 1, 2), frozenset(), (), date(2026, 1, 2), date(2026, 1, 4))
    assert model.available(day) is there
