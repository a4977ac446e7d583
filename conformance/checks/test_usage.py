"""What a chat answer says that it used: its sums, its parts, and that it counts what was asked."""

from collections.abc import Iterator

from conformance.checks import Conversation, asked, rule_of_answer, rule_of_conversation
from conformance.checks.reading import CHAT, answer_in, counted, one_word, optional
from conformance.judge import answers
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, Run, find, member

# By so many tokens at the most the question about the picture is longer than the prompt it is held against.
WORDS_MORE = 12


@rule_of_answer("chat.usage.sum")
def test_usage_sum(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    prompt, completion = counted(exchange, "prompt_tokens"), counted(exchange, "completion_tokens")
    total = counted(exchange, "total_tokens")
    if total != prompt + completion:
        yield Finding("/usage/total_tokens", f"{prompt} + {completion} = {prompt + completion}", total)


@rule_of_answer("chat.usage.cached-within-prompt")
def test_cached_within_prompt(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    cached, prompt = optional(exchange, "/usage/cached_tokens"), counted(exchange, "prompt_tokens")
    if cached > prompt:
        yield Finding("/usage/cached_tokens", f"at most {prompt}, the prompt tokens", cached)


@rule_of_answer("chat.usage.cached-agree")
def test_cached_agree(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    flat = optional(exchange, "/usage/cached_tokens")
    detailed = optional(exchange, "/usage/prompt_tokens_details/cached_tokens")
    if flat != detailed:
        yield Finding("/usage/prompt_tokens_details/cached_tokens", f"{flat}, as in /usage/cached_tokens", detailed)


@rule_of_answer("chat.usage.reasoning-within-completion")
def test_reasoning_within_completion(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    where = "/usage/completion_tokens_details/reasoning_tokens"
    reasoning, completion = optional(exchange, where), counted(exchange, "completion_tokens")
    if reasoning > completion:
        yield Finding(where, f"at most {completion}, the completion tokens", reasoning)


@rule_of_conversation("chat.usage.counts-prompt", "tools.call")
def test_counts_prompt(conversation: Conversation, run: Run) -> Iterator[Finding]:
    turns = asked(conversation, (CHAT,))
    for turn in turns:
        answers.success(turn, run)
    messages = [len(member(turn.asked, "/messages", list)) for turn in turns]
    if not messages[-1] > messages[0]:
        raise CouldNotCheck(Finding("", "a longer prompt after the first", f"{len(turns)} of the same length"))
    first, last = (turn.at("/usage/prompt_tokens", int) for turn in (turns[0], turns[-1]))
    if not last > first:
        yield Finding("/usage/prompt_tokens", f"more than {first}, as the prompt holds the one before", last)


@rule_of_conversation("chat.vision-counted", "chat.vision")
def test_vision_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        plain = one_word(run)
        fewer, told = (each.at("/usage/prompt_tokens", int) for each in (plain, exchange))
        if not told > fewer + WORDS_MORE:
            expected = f"more than {fewer} for the words of chat.one-word and {WORDS_MORE} for more words"
            yield Finding("/usage/prompt_tokens", expected, told)


@rule_of_conversation("chat.cached", "tools.call")
def test_cached(conversation: Conversation, run: Run) -> Iterator[Finding]:
    turns = asked(conversation, (CHAT,))
    for turn in turns:
        answers.success(turn, run)
    if len(turns) < 2:
        raise CouldNotCheck(Finding("", "a prompt that was asked before", len(turns)))
    told = [find(turn.json, "/usage/cached_tokens") not in (ABSENT, None) for turn in turns[1:]]
    read = [turn.at("/usage/cached_tokens", int) for turn, tells in zip(turns[1:], told, strict=True) if tells]
    if any(count < 0 for count in read):
        raise CouldNotCheck(Finding("/usage/cached_tokens", "counts", min(read)))
    if not any(read):
        yield Finding("/usage/cached_tokens", "some tokens from the cache", "none in any repetition")


@rule_of_conversation("chat.system-counted", "chat.cut-by-budget")
def test_system_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        plain = answer_in(run, "stream.cut-by-budget")
        fewer, told = (each.at("/usage/prompt_tokens", int) for each in (plain, exchange))
        if not told > fewer:
            yield Finding("/usage/prompt_tokens", f"more than {fewer}, for the same question without its rules", told)
