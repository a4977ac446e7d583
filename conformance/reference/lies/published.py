"""Lies in what is published beside the API: in its document and on its page of prices."""

from __future__ import annotations

from typing import Any

from conformance import catalogue
from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import in_answer, in_body, lie
from conformance.reference.published import ASKING

_DOCUMENT, _PRICES = "published.document", "published.prices"
OLD, NEWEST = "kimi-k2.5", "kimi-k3"
Node = dict[str, Any]


@in_body("sample-names-old-model", _DOCUMENT)
def _(body: Node) -> None:
    listing = body["paths"]["/v1/models"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    listing["properties"]["data"]["items"]["properties"]["id"]["example"] = OLD


def _enum(body: Node, path: str) -> list[str]:
    schema = body["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    models: list[str] = schema["properties"]["model"]["enum"]
    return models


def _without_newest(body: Node, *paths: str) -> None:
    for path in paths:
        models = _enum(body, path)
        models[:] = [model for model in models if model != NEWEST]


@in_body("estimate-lacks-newest-model", _DOCUMENT)
def _(body: Node) -> None:
    _without_newest(body, ASKING[1])


@in_body("newest-model-undocumented", _DOCUMENT)
def _(body: Node) -> None:
    _without_newest(body, *ASKING)


@in_body("enums-keep-old-model", _DOCUMENT)
def _(body: Node) -> None:
    for path in ASKING:
        models = _enum(body, path)
        models += [OLD] if OLD not in models else []


@lie("model-documented-early")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    coming = [model.id for model in catalogue.models().values() if model.announced > call.service.day()]
    if call.operation == _DOCUMENT and coming:
        for path in ASKING:
            _enum(answer.body, path).append(coming[0])
    return answer


@in_answer("price-page-wrong", _PRICES)
def _(answer: Answer) -> None:
    # The newest model is the dearest, and its price of an answer is doubled.
    answer.body = answer.body.replace(b"$15 ", b"$30 ")
