"""``--select``: a grammar over words that clauses and scenarios answer to; what is not selected is never sent."""

import threading

import pytest

from conformance.checks import all_checks
from conformance.evidence.client import Client
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.rows import ConfigurationError
from conformance.runner.conduct import needed
from conformance.runner.selection import select, words_of
from conformance.scenarios import scenarios

CHECKS = all_checks()


def clauses(expression):
    return {check.clause.id for check in select(expression, CHECKS)}


def asked_in(expression):
    return {check.scenario for check in select(expression, CHECKS)}


class TestWords:
    @pytest.mark.parametrize(
        "word", ["models", "models.list", "chat.usage.sum", "chat.usage", "MUST", "documented", "health", "catalogue"]
    )
    def test_a_word_is_a_clause_a_scenario_a_beginning_a_tag_a_level_or_a_kind(self, word):
        assert all(word in words_of(check) for check in select(word, CHECKS))

    def test_without_an_expression_everything_is_selected(self):
        assert select(None, CHECKS) == list(CHECKS)

    def test_a_beginning_reaches_up_to_a_dot_only(self):
        assert all(name.startswith("chat.usage.") or name == "chat.usage" for name in clauses("chat.usage"))
        with pytest.raises(ConfigurationError, match=r"nothing answers to 'chat\.us'"):
            select("chat.us", CHECKS)

    def test_a_scenario_brings_every_check_that_it_serves(self):
        assert {"http.json", "models.status", "models.known"} <= clauses("models.list")
        assert asked_in("chat.one-word") == {"chat.one-word"}

    def test_a_tag_brings_its_clauses_and_no_other(self):
        assert all("health" in check.clause.tags for check in select("health", CHECKS))

    @pytest.mark.parametrize(
        ("wrong", "suggestion"),
        [("modles", "models"), ("helth", "health"), ("chat.usage.smu", "chat.usage.sum"), ("must", None), ("7", None)],
    )
    def test_a_word_that_nothing_answers_to_is_named_with_the_nearest(self, wrong, suggestion):
        with pytest.raises(ConfigurationError, match=f"nothing answers to '{wrong}'") as told:
            select(wrong, CHECKS)
        hint = f"did you mean {suggestion}" if suggestion else "lists the words"
        assert hint in str(told.value)


class TestGrammar:
    def test_and_or_and_not_are_intersection_union_and_complement(self):
        models, refusals, musts = clauses("models"), clauses("refusals"), clauses("MUST")
        assert clauses("models or refusals") == models | refusals
        assert clauses("models and MUST") < models
        assert clauses("models and MUST") == {clause for clause in models if clause in musts}
        assert not clauses("MUST") & clauses("not MUST")

    def test_and_binds_closer_than_or(self):
        whole = select("models or chat and balance", CHECKS)
        assert whole == select("models or (chat and balance)", CHECKS) == select("models", CHECKS)

    def test_not_binds_closest(self):
        assert select("not models and MUST", CHECKS) == select("(not models) and MUST", CHECKS)
        assert select("not not models", CHECKS) == select("models", CHECKS)

    def test_parentheses_group_with_or_without_blanks(self):
        grouped = select("(models or balance) and MUST", CHECKS)
        assert grouped == select("( models or balance )and MUST", CHECKS)
        assert asked_in("(models or balance) and MUST") == {"models.list", "balance.read"} | {
            scenario for scenario in asked_in("MUST") if scenario.startswith(("models.", "balance."))
        }

    def test_the_order_of_the_checks_is_kept(self):
        chosen = select("balance or models", CHECKS)
        assert chosen == [check for check in CHECKS if check in set(chosen)]

    @pytest.mark.parametrize(
        ("expression", "told"),
        [
            ("", "a word is missing"),
            ("   ", "a word is missing"),
            ("models and", "a word is missing"),
            ("and models", "a word is missing"),
            ("models or or balance", "a word is missing"),
            ("not", "a word is missing"),
            ("()", "a word is missing"),
            ("(models", "a parenthesis is not closed"),
            ("models)", r"'\)' stands where the expression should end"),
            ("models balance", "'balance' stands where the expression should end"),
            ("models and not models", "selects nothing"),
            ("models,balance", "nothing answers to 'models,balance'"),
            ("(" * 100_000 + "models" + ")" * 100_000, "nested too deep"),
        ],
    )
    def test_what_cannot_be_read_or_selects_nothing_is_refused(self, expression, told):
        with pytest.raises(ConfigurationError, match=told):
            select(expression, CHECKS)


class TestTheWire:
    @pytest.fixture
    def sent(self, monkeypatch):
        """Every path that is asked for."""
        seen, lock, send = [], threading.Lock(), Client._send

        def noted(self, request):
            with lock:
                seen.append(f"{request.method} {request.url.path.removeprefix('/v1')}")
            return send(self, request)

        monkeypatch.setattr(Client, "_send", noted)
        return seen

    @pytest.mark.parametrize(
        ("expression", "paths"),
        [
            ("models.status", ["GET /models"]),
            ("balance", ["GET /users/me/balance"] * 2),
            ("balance.read", ["GET /users/me/balance"]),
            ("health and models.list", ["GET /models"]),
            ("tokens.estimate", ["POST /tokenizers/estimate-token-count"] * 2),
            ("chat.one-word and chat.usage", ["POST /chat/completions"]),
        ],
    )
    def test_nothing_but_what_is_selected_is_asked(self, ran, sent, expression, paths):
        assert ran(mode="reference", select=expression).exit == 0
        assert sent == paths

    def test_it_is_asked_once_whatever_the_number_of_its_checks(self, ran, sent):
        told = ran(mode="reference", select="models.list")
        assert len(told.verdicts) > 20
        assert sent == ["GET /models"]

    def test_a_live_server_gets_no_other_request_either(self, ran, key):
        app, paths = create_app(), []

        async def counting(scope, receive, send):
            paths.extend([scope["path"]] if scope["method"] != "OPTIONS" else [])
            await app(scope, receive, send)

        with running(counting) as url:
            ran(target=f"moonshot={url}", mode="live", select="balance")
        assert paths == ["/v1/users/me/balance"] * 2

    def test_a_refusal_brings_its_positive_control_along(self, ran, sent):
        assert ran(mode="reference", select="refusals.unknown-route").exit == 0
        assert sent == ["GET /models", "GET /no-such-route"]

    def test_a_control_that_was_brought_along_is_not_judged(self, ran):
        told = ran(mode="reference", select="refusals.bad-key")
        assert {record["scenario"] for record in told.verdicts} == {"refusals.bad-key"}

    def test_the_list_of_models_comes_first_and_what_costs_tokens_last(self):
        order = [scenario.name for scenario in needed(scenarios())]
        assert order[0] == "models.list"
        paid = [scenario.spends.requests > 0 for scenario in needed(scenarios()) if not scenario.follows]
        assert paid == sorted(paid)
