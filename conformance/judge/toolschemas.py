"""Tools and the schemas in them, held against the rules of the catalogue: nothing is asked, nothing is sent."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from conformance.catalogue import mfjs
from conformance.catalogue.mfjs import Rule
from conformance.judge.endless import endless
from conformance.judge.schemarules import JUDGES, Node, Whole, kind_of, parts, pointer, shown
from conformance.strictjson import DEPTH_LIMIT

# A schema that breaks a rule a thousand times is no clearer for a thousand complaints.
_EXPLAINED = 50


@dataclass(frozen=True, slots=True)
class Complaint:
    """One broken rule: its id, where (a JSON pointer), what was expected, what was there, and the page that says so."""

    rule: str
    where: str
    expected: str
    actual: str
    source: str


class _Broken(NamedTuple):
    rule: str
    where: str
    expected: str
    actual: str


def lint_tools(tools: object, day: date) -> list[Complaint]:
    """Return what the rules of a day have against a list of tools, in the order of the document.

    Takes any JSON value and raises nothing. A pointer starts at the list: ``/0/function/name``. A schema gets at most
    50 complaints of one rule; one that is larger or deeper than any validator reads gets that complaint alone.
    """
    return _complaints(_tools(tools, day), tools, day)


def lint_schema(schema: object, day: date) -> list[Complaint]:
    """Return what the rules of a day have against one schema, as ``lint_tools`` does; a pointer starts at its root."""
    return _complaints(_schema(schema, day), schema, day)


def _complaints(found: Iterable[_Broken], document: object, day: date) -> list[Complaint]:
    ordered = sorted(found, key=lambda broken: _position(document, broken.where))
    return [Complaint(*broken, source=mfjs.rules(day)[broken.rule].source) for broken in ordered]


def _position(document: Any, where: str) -> list[int]:  # noqa: ANN401 - JSON is any value
    """Return which member or item to take at each step on the way to a pointer: what stands earlier sorts earlier."""
    steps = []
    for token in where.split("/")[1:]:
        if isinstance(document, list):
            steps.append(int(token))
            document = document[steps[-1]]
        else:
            name = token.replace("~1", "/").replace("~0", "~")
            steps.append(list(document).index(name))
            document = document[name]
    return steps


# The tool


def _tools(tools: object, day: date) -> Iterator[_Broken]:
    if not isinstance(tools, list):
        yield _Broken("tools-array", "", "an array of tools", shown(tools))
        return
    if len(tools) > (limit := mfjs.rules(day)["tools-count"].limit):
        yield _Broken("tools-count", "", f"at most {limit} tools", f"{len(tools)}")
    names: dict[str, str] = {}
    for index, tool in enumerate(tools):
        where = pointer("", str(index))
        if not isinstance(tool, dict):
            yield _Broken("tool-object", where, "an object", shown(tool))
            continue
        yield from _type(tool, where, mfjs.rules(day))
        function = tool.get("function")
        if isinstance(function, dict):
            yield from _function(function, pointer(where, "function"), tool.get("type") == "builtin_function", day)
            yield from _twice(function.get("name"), pointer(where, "function", "name"), names)
        else:
            yield _Broken("function-object", *_member(tool, where, "function"))


def _member(holder: Mapping[str, Any], where: str, name: str, expected: str = "an object") -> tuple[str, str, str]:
    """Return where a wrong member stands, what is expected, and what it is: one that is missing, its holder lacks."""
    if name in holder:
        return pointer(where, name), expected, shown(holder[name])
    return where, f"the member {name}, {expected}", f"members {shown(', '.join(holder))}"


def _type(tool: Mapping[str, Any], where: str, rules: Mapping[str, Rule]) -> Iterator[_Broken]:
    names, kind = rules["tool-type"].names, tool.get("type")
    if not isinstance(kind, str) or kind not in names:
        yield _Broken("tool-type", *_member(tool, where, "type", f"one of {', '.join(names)}"))


def _function(
    function: Mapping[str, Any],
    where: str,
    builtin: bool,  # noqa: FBT001
    day: date,
) -> Iterator[_Broken]:
    name, rule = function.get("name"), "builtin-name" if builtin else "name-pattern"
    pattern = mfjs.rules(day)[rule].pattern
    if not isinstance(name, str):
        yield _Broken("name-string", *_member(function, where, "name", "a string"))
    elif not re.fullmatch(pattern, name):
        yield _Broken(rule, pointer(where, "name"), f"a name that matches {pattern}", shown(name))
    if not isinstance(function.get("description", ""), str):
        yield _Broken("description-string", *_member(function, where, "description", "a string"))
    if not isinstance(function.get("strict", True), bool):
        yield _Broken("strict-boolean", *_member(function, where, "strict", "a boolean"))
    if "parameters" in function:
        yield from _parameters(function, where, day)
    elif not builtin:
        yield _Broken("no-parameters", *_member(function, where, "parameters"))


def _parameters(function: Mapping[str, Any], where: str, day: date) -> Iterator[_Broken]:
    parameters, place = function["parameters"], pointer(where, "parameters")
    if not isinstance(parameters, dict):
        yield _Broken("no-parameters-object", *_member(function, where, "parameters"))
        return
    if parameters and parameters.get("type") not in mfjs.rules(day)["root-type"].names:
        yield _Broken("root-type", *_member(parameters, place, "type", "object"))
    yield from (broken._replace(where=place + broken.where) for broken in _schema(parameters, day))


def _twice(name: object, where: str, names: dict[str, str]) -> Iterator[_Broken]:
    if isinstance(name, str) and names.setdefault(name, where) != where:
        yield _Broken("name-unique", where, "a name of its own", f"{shown(name)}, which stands at {names[name]}")


# The schema


def _schema(schema: object, day: date) -> Iterator[_Broken]:
    rules = mfjs.rules(day)
    limit = rules["schema-size"].limit
    if not isinstance(schema, dict):
        yield _Broken("subschema-object", "", "an object", shown(schema))
    elif _deeper(schema, DEPTH_LIMIT):
        yield _Broken("depth", "", f"at most {rules['depth'].limit} levels", f"JSON nested deeper than {DEPTH_LIMIT}")
    elif (size := _size(schema)) > limit:
        yield _Broken("schema-size", "", f"at most {limit} bytes", f"{size} bytes")
    else:
        yield from _walk(Whole(schema, rules, mfjs.forbidden(day), endless(schema)))


def _size(schema: Mapping[str, Any]) -> int:
    return len(json.dumps(schema, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _deeper(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [part for node in level for _, part in parts(node, "") if isinstance(part, dict | list)]
    return bool(level)


def _walk(whole: Whole) -> Iterator[_Broken]:
    told: Counter[str] = Counter()
    todo, keys = deque([Node(whole.root, "", 0, whole)]), 0
    if "#" in whole.endless:
        yield _Broken("ref-ends", "", "a finite value that obeys it", "recursion without an end")
    while todo:
        node = todo.popleft()
        for broken in _node(node):
            told[broken.rule] += 1
            if told[broken.rule] <= _EXPLAINED:
                yield broken
        keys += len(list(parts(node.schema.get("properties"), "")))
        todo.extend(_below(node))
    if keys > (limit := whole.rules["property-keys"].limit):
        yield _Broken("property-keys", "", f"at most {limit} properties", f"{keys}")


def _below(node: Node) -> Iterator[Node]:
    """Yield the schemas right below one; what lies in keywords that are dropped is never read as a schema."""
    for keyword, value in node.schema.items():
        where, depth = pointer(node.where, keyword), node.depth
        if keyword in ("items", "additionalProperties"):
            places = [(where, value)]
        elif keyword == "properties" and depth < node.whole.rules["depth"].limit:
            places, depth = list(parts(value, where)), depth + 1
        elif keyword == "anyOf" or (keyword == "$defs" and node.root):
            places = list(parts(value, where))
        else:
            continue
        yield from (Node(part, place, depth, node.whole) for place, part in places if isinstance(part, dict))


def _node(node: Node) -> Iterator[_Broken]:
    shapes = node.whole.rules["keyword-shape"].shapes
    for keyword, value in node.schema.items():
        where = pointer(node.where, keyword)
        if keyword in node.whole.forbidden:
            yield _Broken(node.whole.forbidden[keyword], where, f"no {keyword}", shown(value))
        elif keyword not in shapes:
            yield _Broken("unknown-keyword", where, "a keyword of MFJS", shown(keyword))
        elif shapes[keyword] and kind_of(value) not in shapes[keyword]:
            yield _Broken("keyword-shape", where, " or ".join(shapes[keyword]), shown(value))
        else:
            for rule, judge in JUDGES.get(keyword, ()):
                yield from (_Broken(rule, *told) for told in judge(node, value, where, node.whole.rules[rule]))
