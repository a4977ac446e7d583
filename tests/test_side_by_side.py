"""Several targets side by side: who changed what, from their run files, and nothing from what was not answered."""

import json
from pathlib import Path

import pytest

from conformance.drift import alike, charges, members
from conformance.drift.sidebyside import compare
from conformance.drift.sides import Side
from conformance.judge import shapes
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import sidebyside
from conformance.rows import ConfigurationError
from conformance.runner import beside
from conformance.runner.session import worst
from tests.gateway_between import ANNOUNCED, ID, Between

SCENARIOS = (
    "models.list", "chat.one-word", "chat.cut-by-budget", "stream.text", "stream.partial", "stream.cut-by-budget",
    "formats.json-object", "tools.parallel", "tools.none", "refusals.unknown-model",
)  # fmt: skip
SELECT = " or ".join(SCENARIOS)
KEY = "sk-tests-of-the-suite-0123456789"


@pytest.fixture(scope="module", autouse=True)
def keys():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOONSHOT_API_KEY", "OPENROUTER_API_KEY", "GATEWAY_API_KEY"):
            patch.setenv(name, KEY)
        yield


@pytest.fixture(scope="module")
def asked(ran):
    """Ask a server as a target, and return its side."""

    def ask(app, target, label=None, *, model=ID, select=SELECT, alike=ANNOUNCED):
        with running(app) as url:
            done = ran(target=f"{target}={url}", mode="live", model=model, alike=alike, select=select)
        return Side(label or target, tuple(done.records))

    return ask


@pytest.fixture(scope="module")
def official(asked):
    return asked(create_app(), "moonshot", model=ANNOUNCED)


@pytest.fixture(scope="module")
def gateway(asked):
    """Ask a gateway that tells some lies, each kind once."""
    known = {}

    def side(*lies, target="openrouter"):
        if (lies, target) not in known:
            known[lies, target] = asked(Between(create_app(), *lies), target)
        return known[lies, target]

    return side


def told(*sides):
    return sidebyside.document(compare(sides), [list(side.records) for side in sides], 0)


def changes(*sides):
    """The changes as kind, place, who made it."""
    return {
        (one["change"], one["where"], one["source"] if one["odd_one_out"] else None) for one in told(*sides)["changes"]
    }


def cell(document, where, side, aspect="parameter"):
    row = next(row for row in document["rows"] if row["aspect"] == aspect and where in (row["where"], row["about"]))
    return row["cells"][side]


class TestAnHonestGateway:
    def test_differs_in_nothing(self, official, gateway):
        assert told(official, gateway())["changes"] == []

    def test_is_asked_the_same_but_for_its_id_of_the_model_and_its_words_for_thinking_and_the_budget(
        self, official, gateway
    ):
        own = {"model", "thinking", "reasoning", "max_completion_tokens"}
        for key, exchange in gateway().exchanges.items():
            if exchange.request.body and not exchange.refused:
                mine, its = (json.loads(each.request.body) for each in (official.exchanges[key], exchange))
                assert its["model"] == ID
                assert {name: its[name] for name in its.keys() - own} == {
                    name: mine[name] for name in mine.keys() - own
                }

    def test_obeys_the_schema(self, official, gateway):
        assert shapes.valid("side-by-side", told(official, gateway()))


class TestWhatAGatewayChanges:
    @pytest.mark.parametrize(
        ("lie", "kind", "where"),
        [
            ("tools-dropped", "parameter-differs", "tools"),
            ("system-dropped", "parameter-differs", "messages: system"),
            ("stop-ignored", "parameter-differs", "stop"),
            ("budget-ignored", "parameter-differs", "max_completion_tokens"),
            ("format-ignored", "parameter-differs", "response_format: json_object"),
            ("format-refused", "parameter-differs", "response_format: json_object"),
            ("prompt-injected", "prompt-tokens-differs", "/usage/prompt_tokens"),
            ("reasoning-renamed", "member-renamed", "/choices/*/message/reasoning_content"),
            ("reasoning-renamed", "member-renamed", "/choices/*/delta/reasoning_content"),
            ("reasoning-dropped", "member-dropped", "/choices/*/message/reasoning_content"),
            ("cost-told", "member-added", "/usage/cost"),
            ("cost-doubled", "price-differs", "/usage"),
            ("no-usage", "member-dropped", "/usage"),
            ("bare-name", "model-differs", "/model"),
            ("other-model", "model-differs", "/model"),
            ("end-turn", "finish-reason-differs", "/choices/*/finish_reason"),
        ],
    )
    def test_is_found_and_is_said_to_be_its_doing(self, official, gateway, lie, kind, where):
        assert (kind, where, "openrouter") in changes(official, gateway(lie))

    def test_is_said_to_be_its_doing_also_where_it_is_given_first(self, official, gateway):
        assert ("parameter-differs", "stop", "openrouter") in changes(gateway("stop-ignored"), official)
        assert ("member-dropped", "/choices/*/message/reasoning_content", "openrouter") in changes(
            gateway("reasoning-dropped"), official
        )

    def test_is_told_as_the_gateway_s(self, official, gateway):
        found = told(official, gateway("stop-ignored"))["changes"]
        assert {one["odd_one_out"] for one in found} == {"gateway-rewrote"}

    def test_a_price_that_is_the_vendor_s_is_no_difference(self, official, gateway):
        assert not any(kind == "price-differs" for kind, *_ in changes(official, gateway("cost-told")))

    def test_the_same_model_under_another_name_is_said_to_be_the_same(self, official, gateway):
        shown = cell(told(official, gateway("bare-name")), "chat.completions", "openrouter", "model")["value"]
        assert shown == f"{ANNOUNCED}, asked for {ID} (the same model)"

    def test_so_is_the_name_with_the_day_on_which_a_gateway_took_it_up(self, official, gateway):
        shown = cell(told(official, gateway("dated-name")), "chat.completions", "openrouter", "model")["value"]
        assert shown == f"{ID}-20260420, asked for {ID} (the same model)"

    def test_tools_that_are_not_called_are_looked_for_in_the_prompt_tokens(self, official, gateway):
        assert "prompt tokens" in cell(told(official, gateway("tools-dropped")), "tools", "openrouter")["value"]

    def test_of_two_gateways_the_one_that_departs_from_the_contract_made_it(self, gateway, asked):
        other = asked(Between(create_app(), "stop-ignored"), "openai-compatible", "other")
        assert ("parameter-differs", "stop", "other") in changes(gateway(), other)

    def test_of_two_gateways_the_one_that_tells_what_no_schema_knows_made_it(self, gateway, asked):
        other = asked(Between(create_app(), "cost-told"), "openai-compatible", "other")
        assert ("member-added", "/usage/cost", "other") in changes(gateway(), other)
        assert ("member-added", "/usage/cost", "other") in changes(other, gateway())

    def test_of_three_the_one_that_stands_alone_is_named(self, official, gateway, asked):
        other = asked(Between(create_app(), "end-turn"), "openai-compatible", "other")
        assert {who for _, _, who in changes(official, gateway(), other)} == {"other"}


class TestWhatIsNotAnswered:
    def test_is_no_difference(self, official, gateway, closed_port, ran):
        done = ran(target=f"openrouter={closed_port}", mode="live", model=ID, alike=ANNOUNCED, select=SELECT)
        document = told(official, Side("openrouter", tuple(done.records)))
        assert document["changes"] == []
        assert {name for gap in document["could_not_check"] for name in gap["scenarios"]} >= set(SCENARIOS[1:])
        assert cell(document, "stop", "openrouter")["value"] is None

    def test_a_gateway_that_refuses_everything_refuses_no_parameter(self, official, gateway):
        assert cell(told(official, gateway("all-refused")), "stop", "openrouter")["value"] is None

    def test_a_scenario_that_the_target_has_no_endpoint_for_is_said_not_to_be_checked(self, asked):
        one = asked(create_app(), "moonshot", model=ANNOUNCED, select="balance.read or models.list")
        two = asked(Between(create_app()), "openrouter", select="balance.read or models.list")
        assert told(one, two)["could_not_check"] == [
            {"side": "openrouter", "reason": "openrouter has no endpoint balance", "scenarios": ["balance.read"]}
        ]

    def test_nothing_is_said_of_tools_that_could_not_be_counted(self, official, gateway):
        side = gateway("tools-dropped", "no-usage")
        assert cell(told(official, side), "tools", "openrouter")["value"] is None

    def test_a_choice_of_tools_that_did_not_arrive_is_not_honoured(self, official, gateway):
        found = cell(told(official, gateway("tools-dropped")), "tool_choice: none", "openrouter")
        assert found["could_not_check"] == "the tools did not arrive"

    def test_a_gap_is_told_of_the_side_that_has_it(self, asked):
        one = asked(Between(create_app()), "openrouter", select="balance.read or models.list")
        two = asked(create_app(), "moonshot", model=ANNOUNCED, select="balance.read or models.list")
        assert [gap["side"] for gap in told(one, two)["could_not_check"]] == ["openrouter"]


@pytest.fixture(scope="module")
def side(asked):
    return asked(Between(create_app(), "end-turn", "reasoning-dropped"), "openai-compatible", "openrouter", alike=None)


class TestASideThatIsNotToldAlikeToThink:
    """As a gateway that documents no way to say so: its own words are no difference, and hide none."""

    def test_drops_no_reasoning(self, official, side):
        assert not any("reasoning" in where for _, where, _ in changes(official, side))

    def test_has_another_prompt(self, official, side):
        found = cell(told(official, side), "/usage/prompt_tokens", "openrouter", "prompt-tokens")
        assert found["could_not_check"] == "asked otherwise"

    def test_is_held_against_the_first_in_all_else(self, official, side):
        assert ("finish-reason-differs", "/choices/*/finish_reason", "openrouter") in changes(official, side)

    @pytest.mark.parametrize(
        ("request_", "thinks"),
        [
            ({"thinking": {"type": "enabled"}}, True),
            ({"thinking": {"type": "disabled"}}, False),
            ({"reasoning": {"enabled": False}}, False),
            ({}, None),
        ],
    )
    def test_is_known_by_its_requests(self, said, request_, thinks):
        assert alike.thinking(said("chat.completions", {}, asked=request_)) is thinks


class TestPrices:
    def test_in_the_list_of_models_are_held_against_the_catalogue_s(self, official, gateway, said):
        side = gateway()
        prices = {"prompt": "0.0000019", "completion": "0.000008"}
        listed = said("models.list", {"data": [{"id": ID, "pricing": prices}]}, scenario="models.list")
        priced = Side("openrouter", side.records)
        priced.exchanges["models.list", "1"] = listed
        assert cell(told(official, priced), "models.list", "openrouter", "price")["value"] == (
            "1.90 / 8.00 USD per million tokens"
        )
        assert ("price-differs", "/data/*/pricing", "openrouter") in changes(official, priced)

    @pytest.mark.parametrize("prices", [{}, {"prompt": "free"}, {"prompt": [], "completion": "1"}, None, "x"])
    def test_that_are_none_are_not_known(self, gateway, said, prices):
        side = Side("openrouter", gateway().records)
        side.exchanges["models.list", "1"] = said("models.list", {"data": [{"id": ID, "pricing": prices}, 7]})
        assert charges.listed(side).value is None

    @pytest.mark.parametrize(
        ("usage", "cost", "times"),
        [
            ({}, 0.95, "1.00"),
            # It may have been read from the cache, or not.
            ({}, 0.16, "1.00"),
            ({"cached_tokens": 0}, 0.16, "0.17"),
            ({"prompt_tokens_details": {"cached_tokens": 1_000_000}}, 0.16, "1.00"),
            ({}, 0.08, "0.50"),
            ({}, 1.9, "2.00"),
        ],
    )
    def test_go_by_what_was_read_from_the_cache(self, said, usage, cost, times):
        told = {"usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0, "cost": cost, **usage}}
        side = Side("openrouter", ({"kind": "run", "model": ID, "base_url": "https://openrouter.ai/api/v1"},))
        side.exchanges["chat.one-word", "1"] = said("chat.completions", told)
        assert charges.charged(side).value == times

    def test_of_an_answer_are_read_where_aimlapi_tells_them_too(self, said):
        usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
        answer = said("chat.completions", {"usage": usage, "meta": {"usage": {"usd_spent": 1.9}}})
        side = Side(
            "aimlapi", ({"kind": "run", "model": "moonshot/kimi-k2-6", "base_url": "https://api.aimlapi.com/v1"},)
        )
        side.exchanges["chat.one-word", "1"] = answer
        assert charges.charged(side).value == "2.00"


class TestTimes:
    def test_are_told_of_a_live_run(self, official, gateway):
        assert "median of" in cell(told(official, gateway()), "chat.completions", "moonshot", "latency")["value"]

    def test_are_never_told_of_a_replay(self, official, ran):
        replayed = Side("replayed", tuple(ran(select=SELECT).records))
        found = cell(told(official, replayed), "chat.completions", "replayed", "latency")
        assert found["could_not_check"] == "told by live runs alone, and this is replay"


class TestMembers:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ({"a": 1}, {"a": 2}, []),
            ({"a": 1, "b": {"c": 1}}, {"a": 1}, [("/b", None)]),
            ({"a": 1}, {"a": 1, "b": [{"c": 1}]}, [(None, "/b")]),
            ({"x": [{"a": 1}, {"a": 1}]}, {"x": [{"b": "t"}]}, [("/x/*/a", None), (None, "/x/*/b")]),
            ({"reasoning_content": "t"}, {"reasoning": "t"}, [("/reasoning_content", "/reasoning")]),
            ({"reasoning_content": "t"}, {"reasoning": []}, [("/reasoning_content", None), (None, "/reasoning")]),
            ({"reasoning_content": ""}, {"reasoning": None}, [("/reasoning_content", "/reasoning")]),
            ({"supports_type": "t"}, {"type": "t"}, [("/supports_type", None), (None, "/type")]),
            ({"reasons": "t"}, {"reason": "t"}, [("/reasons", None), (None, "/reason")]),
            ({"hit_tokens": 1}, {"cost_tokens": 1}, [("/hit_tokens", None), (None, "/cost_tokens")]),
            ({"u": {"hits": 1}, "v": {}}, {"u": {}, "v": {"hits": 1}}, [("/u/hits", "/v/hits")]),
            # What a model says, and what a cache holds, is another thing each time.
            ({"a": {"tool_calls": []}}, {"a": {}}, []),
            ({"usage": {"cached_tokens": 1}}, {"usage": {}}, []),
        ],
    )
    def test_are_dropped_added_or_renamed(self, said, one, other, expected):
        pair = tuple(members.told(said("chat.completions", body)) for body in (one, other))
        assert [(moved.one, moved.other) for moved in members.moved([pair])] == expected

    def test_one_that_both_tell_somewhere_is_no_difference(self, said):
        bodies = [({"a": 1}, {}), ({"a": 1}, {"a": 1})]
        pairs = [tuple(members.told(said("chat.completions", body)) for body in pair) for pair in bodies]
        assert list(members.moved(pairs)) == []


class TestIdsOfAModel:
    def each(self, *texts, model=None):
        options = {"mode": "live", "select": None, "as_of": None, "cassettes": None, "max_cost": 0.05}
        return [(one.label, one.settings.model) for one in beside.each(texts, model=model, **options)]

    def test_each_target_is_asked_for_its_own(self):
        assert self.each("moonshot", "openrouter") == [("moonshot", ANNOUNCED), ("openrouter", ID)]
        assert self.each("moonshot", "openrouter", model="kimi-k3")[1] == ("openrouter", "moonshotai/kimi-k3")

    def test_the_first_target_says_which_model_is_meant(self):
        assert self.each("openrouter", "moonshot") == [("openrouter", ID), ("moonshot", ANNOUNCED)]

    def test_a_host_that_the_catalogue_does_not_know_is_asked_for_the_announced_one(self):
        assert self.each("moonshot", "http://127.0.0.1:9/v1", model="kimi-k3")[1] == ("127.0.0.1-9", "kimi-k3")

    def test_a_model_that_a_gateway_is_not_known_to_have_is_wrong_usage(self):
        with pytest.raises(
            ConfigurationError, match=r"no id of kimi-k2[.]7-code-highspeed is known at openrouter[.]ai"
        ):
            self.each("moonshot", "openrouter", model="kimi-k2.7-code-highspeed")

    def test_a_model_that_nobody_announced_is_wrong_usage(self):
        with pytest.raises(ConfigurationError, match="no model was announced that 'gpt-9' is an id of"):
            self.each("moonshot", "openrouter", model="gpt-9")

    def test_the_same_target_twice_has_two_folders(self):
        assert [label for label, _ in self.each("moonshot", "moonshot=http://127.0.0.1:9/v1")] == [
            "moonshot",
            "moonshot-2",
        ]


class TestHostileText:
    def test_is_escaped_on_the_page(self, official, gateway):
        page = sidebyside.page(told(official, gateway("hostile-member")))
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_is_shown_and_not_obeyed_on_the_terminal(self, official, gateway):
        section = sidebyside.section(told(official, gateway("hostile-member")))
        assert "\x1b" not in section
        assert "\\x1b[2J" in section


class TestTheSection:
    def test_has_80_columns(self, official, gateway):
        section = sidebyside.section(told(official, gateway("tools-dropped", "reasoning-renamed"), gateway("end-turn")))
        assert max(map(len, section.splitlines())) <= 80

    def test_tells_members_that_one_side_added_together(self, official, gateway):
        section = sidebyside.section(told(official, gateway("cost-told", "hostile-member")))
        assert (
            "HARMLESS  member-added  chat.completions (gateway-rewrote: openrouter)\n  /usage/cost, /<script" in section
        )

    def test_says_who_answered(self, official, gateway):
        assert "moonshot: Answered by the reference server" in sidebyside.section(told(official, gateway()))


class TestTheWorstOfSeveralRuns:
    @pytest.mark.parametrize(
        ("codes", "status"),
        [([0, 0], 0), ([0, 5], 5), ([5, 3], 3), ([3, 1], 1), ([1, 4], 4), ([3, 0, 1, 5], 1)],
    )
    def test_decides(self, codes, status):
        assert worst(codes) == status


class TestTheCommand:
    def test_writes_a_folder_for_each_target_and_the_comparison_beside_them(self, cli, folder):
        with running(create_app()) as one, running(Between(create_app(), "stop-ignored")) as two:
            ended = cli(
                "run", "--mode", "live", "--target", f"moonshot={one}", "--target", f"openrouter={two}",
                "--select", "models.list or stream.partial", "--out", "out", "--json",
            )  # fmt: skip
        assert sorted(path.name for path in Path("out").iterdir()) == [
            "moonshot", "openrouter", "side-by-side.html", "side-by-side.json",
        ]  # fmt: skip
        assert (folder / "out/side-by-side.json").read_text(encoding="utf-8") == ended.out
        assert json.loads((folder / "out/openrouter/results.json").read_text()) == ended.document["runs"][1]
        assert shapes.valid("side-by-side", ended.document)
        assert "Side by side: openrouter against moonshot, asked for kimi-k2.6" in ended.err

    def test_a_difference_alone_fails_nothing(self, cli, folder):
        with running(create_app()) as one, running(Between(create_app(), "cost-told")) as two:
            ended = cli(
                "run", "--mode", "live", "--target", f"moonshot={one}", "--target", f"openrouter={two}",
                "--select", "chat.one-word and chat.usage", "--json",
            )  # fmt: skip
        assert (len(ended.document["changes"]), ended.code) == (1, 0)

    def test_exits_as_the_worst_of_its_runs(self, cli, folder, closed_port):
        with running(create_app()) as one:
            ended = cli(
                "run", "--mode", "live", "--target", f"moonshot={one}", "--target", f"openrouter={closed_port}",
                "--select", "models.list",
            )  # fmt: skip
        assert ended.code == 3

    def test_what_is_wrong_with_the_last_target_is_known_before_the_first_is_asked(self, cli, folder):
        ended = cli("run", "--target", "moonshot", "--target", "openrouter", "--mode", "replay", "--out", "out")
        assert (ended.code, Path("out").exists()) == (2, False)
        assert "there are no cassettes in" in ended.err

    def test_records_each_target_in_a_folder_of_its_own_and_replays_it(self, cli, folder):
        options = ["--select", "chat.one-word", "--cassettes", "said", "--json"]
        with running(create_app()) as one, running(Between(create_app(), "cost-told")) as two:
            targets = ["--target", f"moonshot={one}", "--target", f"openrouter={two}"]
            recorded = cli("run", "--mode", "record", *targets, *options)
        replayed = cli("run", "--target", "moonshot", "--target", "openrouter", *options)
        assert [one["where"] for one in replayed.document["changes"]] == ["/usage/cost"]
        assert recorded.document["changes"] == replayed.document["changes"]
