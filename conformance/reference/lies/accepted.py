"""Requests that are taken although they must be refused: what is wrong with them is not looked at."""

from __future__ import annotations

import re
from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import LIES, Lie, change_asked

_CHAT = "chat.completions"
# What is taken although it must be refused: a lie, and the words with which the honest server refuses it.
ACCEPTED = {
    "accepts-wrong-temperature": r"invalid temperature",
    "top-p-accepted": r"invalid top_p",
    "n-accepted": r"invalid n:",
    "presence-penalty-accepted": r"invalid presence_penalty",
    "frequency-penalty-accepted": r"invalid frequency_penalty",
    "logprobs-accepted": r"invalid logprobs",
    "top-logprobs-accepted": r"logprobs must be set to true",
    "logit-bias-accepted": r"logit_bias is not supported",
    "messages-missing-accepted": r"messages must not be empty$",
    "empty-content-accepted": r"message at position \d+ with role '\w+' must not be empty",
    "unknown-role-accepted": r"invalid role",
    "model-missing-accepted": r"model is required",
    "tool-call-id-unknown-accepted": r"tool_call_id \S* ?is not found",
    "tool-call-id-twice-accepted": r"tool call id \S+ is duplicated",
    "image-by-url-accepted": r"unsupported image url",
    "file-part-accepted": r"invalid part type",
    "context-overflow-accepted": r"exceeded model token limit",
    "format-unknown-accepted": r"unsupported response_format type",
    "format-incomplete-accepted": r"response_format needs json_schema|json_schema needs a name",
    "format-schema-accepted": r"json_schema\.schema must be an object",
    "format-strict-accepted": r"json_schema\.strict must be a boolean",
    "tool-choice-unknown-accepted": r"invalid tool_choice",
    "required-without-tools-accepted": r"'required' needs tools",
    "required-while-thinking-accepted": r"'required' is incompatible",
    "named-while-thinking-accepted": r"'specified' is incompatible",
    "tool-type-unknown-accepted": r"unknown tool type",
    "tool-names-accepted": r"function name is invalid",
    "tool-name-twice-accepted": r"function name \S+ is duplicated",
    "tools-of-any-type-accepted": r"tools must be an array",
    "six-stops-accepted": r"stop array too long",
    "long-stop-accepted": r"a stop must not be longer",
    "thinking-type-accepted": r"invalid thinking: only",
    "thinking-keep-accepted": r"invalid thinking: keep",
    "named-choice-ignored-by-k3": r"'specified' is incompatible",
    "tools-in-messages-of-any-type": r"tools must be an array|unknown tool type",
    "tools-in-messages-twice": r"function name \S+ is duplicated",
    "thinking-off-accepted": r"invalid thinking: only type=enabled is",
    "tool-schemas-unchecked": r"moonshot flavored json schema",
    "tools-in-any-message-accepted": r"tools are not allowed in the message",
    "tools-beside-content-accepted": r"tools cannot be used with content",
}


# What the answer to any question goes by.
KEPT = ("model", "stream", "stream_options", "thinking")
BUDGET = 64


def _accepting(words: str) -> Lie:
    def told(call: Call, honest: Handler) -> Answer:
        answer = honest(call)
        error = answer.body.get("error") if answer.status == 400 and isinstance(answer.body, dict) else None
        if call.operation != _CHAT or not isinstance(error, dict) or not re.search(words, str(error.get("message"))):
            return answer
        asked = call.members()
        legal: dict[str, Any] = {"model": list(call.service.models())[-1]}
        legal |= {name: asked[name] for name in KEPT if asked.get(name) and name not in words}
        most = asked.get("max_completion_tokens")
        legal["max_completion_tokens"] = min(most, BUDGET) if isinstance(most, int) else BUDGET
        legal["messages"] = [{"role": "user", "content": "hello"}]
        change_asked(call, lambda asked: (asked.clear(), asked.update(legal)))
        return honest(call)

    return told


LIES.update({name: _accepting(words) for name, words in ACCEPTED.items()})
