"""What other people recorded, judged: no alarm on a body that conforms, and each that does not is found by its reason.

The recordings lie beside this checkout and are no part of it. ``INDEX.tsv`` there says what is expected of each;
``recordings_of_others.toml`` here says by which clauses a wrong one must be found, and argues where we see it
otherwise. Run as a program, this file prints ``docs/recordings.md``.
"""

import csv
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance import targets
from conformance.contract import ledger
from conformance.evidence.runfile import read
from conformance.runner import recorded

HERE = Path(__file__).parent
OTHERS = HERE.parents[1] / "shared" / "recordings"
PAGE = HERE.parent / "docs" / "recordings.md"
AGAIN = "PYTHONPATH=. python tests/test_recordings_of_others.py > docs/recordings.md"


@dataclass(frozen=True)
class Body:
    """One file: what is expected of it, by whose profile it is judged, and what its clauses came to."""

    file: str
    expected: str
    profile: str
    came_to: dict[str, frozenset[str]]

    @property
    def found(self) -> frozenset[str]:
        return self.came_to["fail"] | self.came_to["warn"]

    @property
    def seen(self) -> bool:
        """Whether a clause had something to look at."""
        return bool(self.found | self.came_to["pass"])

    @property
    def said(self) -> str:
        """What the index says of it: that it conforms, that it violates something, or that it is not to be judged."""
        return next((word for word in ("conforms", "violates") if self.expected.startswith(word)), "not to be judged")


def profile_of(file: str) -> str:
    """Return the target by whose promises a file is judged: a gateway's own, or the vendor's."""
    if file.startswith(("gateways/", "cassettes/")):
        return "openrouter" if "openrouter" in file.lower() else "openai-compatible"
    return "moonshot"


def judged() -> dict[str, Body]:
    """Judge every file of the index, and return what it came to."""
    with (OTHERS / "INDEX.tsv").open(encoding="utf-8", newline="") as rows:
        index = {row["file"]: row["expected"] for row in csv.DictReader(rows, delimiter="\t")}
    groups: dict[str, list[Path]] = defaultdict(list)
    for file in index:
        groups[profile_of(file)].append(OTHERS / file)
    told: dict[str, dict[str, set[str]]] = {file: defaultdict(set) for file in index}
    with tempfile.TemporaryDirectory() as out:
        for name, files in groups.items():
            recorded.judge(files, targets.load(name), None, None, Path(out))
            for record in read(Path(out) / "run.ndjson"):
                if record["kind"] == "verdict":
                    file = Path(record["file"]).relative_to(OTHERS).as_posix()
                    told[file][record["status"]].add(record["clause"])
    statuses = ("pass", "fail", "warn", "could-not-check", "not-applicable", "error")
    return {
        file: Body(file, expected, profile_of(file), {each: frozenset(told[file][each]) for each in statuses})
        for file, expected in index.items()
    }


def declared() -> dict[str, dict[str, dict]]:
    """Return what ``recordings_of_others.toml`` says: the tables of each kind by their files."""
    document = tomllib.loads((HERE / "recordings_of_others.toml").read_text(encoding="utf-8"))
    return {kind: {row["file"]: row for row in rows} for kind, rows in document.items()}


def disagrees(body: Body, reasons: dict[str, dict]) -> bool:
    """Tell whether a body came to something else than the index says.

    One that violates something must be found by the clauses that name the reason: any other finding is chance.
    """
    if body.said == "violates":
        return body.file not in reasons or not set(reasons[body.file]["clauses"]) <= body.found
    return body.said == "conforms" and bool(body.came_to["fail"])


def page(bodies: dict[str, Body], said: dict[str, dict[str, dict]]) -> str:
    """Return the page of all of them, in Markdown."""
    return (
        "\n".join([*_head(bodies, said), *_arguments(bodies, said), *_clauses(bodies), *_bodies(bodies, said)]) + "\n"
    )


def _verdict(body: Body, said: dict[str, dict[str, dict]]) -> str:
    if body.file in said["disputed"]:
        return "argued"
    if body.said == "not to be judged":
        return "not counted"
    return "agrees" if body.seen else "not looked at"


def _head(bodies: dict[str, Body], said: dict[str, dict[str, dict]]) -> Iterator[str]:
    counts = Counter((body.said, _verdict(body, said)) for body in bodies.values())
    yield "# What real recordings come to"
    yield ""
    yield f"{len(bodies)} bodies that other people published, each judged by the promises of who answered. They are no"
    yield f"part of this repository, and this page is made from them: `{AGAIN}`."
    yield ""
    yield "| their index says | our verdict | bodies |"
    yield "|---|---|---|"
    yield from (f"| {expected} | {verdict} | {count} |" for (expected, verdict), count in sorted(counts.items()))
    yield ""
    yield "*Agrees*: no fail on one that conforms; one that does not is found by the clauses that name its reason. *Not"
    yield "counted*: another API's answer, a container whose bodies stand alone as well, or one of which the index does"
    yield "not know. *Not looked at*: it conforms, and no clause speaks of it."


def _arguments(bodies: dict[str, Body], said: dict[str, dict[str, dict]]) -> Iterator[str]:
    yield from (
        "",
        "## Where we see it otherwise",
        "",
        "| body | their index | we find | because |",
        "|---|---|---|---|",
    )
    for file, row in sorted(said["disputed"].items()):
        yield f"| {file} | {bodies[file].expected} | {_names(bodies[file].came_to['fail'])} | {row['argument']} |"
    yield from ("", "## Not looked at", "", "| body | because |", "|---|---|")
    yield from (f"| {file} | {row['reason']} |" for file, row in sorted(said["unseen"].items()))


def _clauses(bodies: dict[str, Body]) -> Iterator[str]:
    looked = Counter(clause for body in bodies.values() for clause in body.found | body.came_to["pass"])
    broken = Counter(clause for body in bodies.values() for clause in body.found)
    yield from ("", "## Clauses that real bodies break", "")
    yield f"{len(looked)} clauses had something to look at in at least one body; these are broken by one."
    yield from ("", "| clause | level | bodies looked at | broken |", "|---|---|---|---|")
    for clause in sorted(broken):
        yield f"| {clause} | {ledger.clauses()[clause].level} | {looked[clause]} | {broken[clause]} |"


def _bodies(bodies: dict[str, Body], said: dict[str, dict[str, dict]]) -> Iterator[str]:
    yield from ("", "## Every body", "", "| body | judged by | their index | fails | warnings | verdict |")
    yield "|---|---|---|---|---|---|"
    for file, body in bodies.items():
        fails, warnings = _names(body.came_to["fail"]), _names(body.came_to["warn"])
        expected = body.expected.replace("|", "\\|")
        yield f"| {file} | {body.profile} | {expected} | {fails} | {warnings} | {_verdict(body, said)} |"


def _names(clauses: frozenset[str]) -> str:
    return ", ".join(sorted(clauses)) or "–"


@pytest.fixture(scope="module")
def bodies():
    return judged()


@pytest.fixture(scope="module")
def said():
    return declared()


@pytest.mark.skipif(not OTHERS.is_dir(), reason="the recordings of other people are not beside this checkout")
class TestOthers:
    def test_every_file_comes_to_at_least_one_verdict(self, bodies):
        assert [file for file, body in bodies.items() if not any(body.came_to.values())] == []

    def test_every_file_is_in_the_index(self, bodies):
        there = {path.relative_to(OTHERS).as_posix() for path in OTHERS.rglob("*") if path.is_file()}
        assert there - set(bodies) == {"INDEX.tsv", "README.md"}

    def test_no_file_makes_the_suite_itself_fail(self, bodies):
        assert [file for file, body in bodies.items() if body.came_to["error"]] == []

    def test_there_are_many_of_each_kind(self, bodies):
        counts = Counter(body.said for body in bodies.values())
        assert counts["conforms"] > 200
        assert counts["violates"] > 30

    def test_no_body_that_conforms_gets_a_fail_unless_that_is_argued(self, bodies, said):
        alarms = {file for file, body in bodies.items() if body.said == "conforms" and disagrees(body, {})}
        assert alarms - set(said["disputed"]) == set()

    def test_every_violating_one_is_found_by_the_clauses_that_name_its_reason_unless_that_is_argued(self, bodies, said):
        missed = {
            file for file, body in bodies.items() if body.said == "violates" and disagrees(body, said["violates"])
        }
        assert missed - set(said["disputed"]) == set()

    def test_what_is_argued_is_what_comes_of_it(self, bodies, said):
        told = {file: bodies[file].came_to["fail"] for file in said["disputed"]}
        assert told == {file: set(row["clauses"]) for file, row in said["disputed"].items()}

    def test_no_argument_is_without_need(self, bodies, said):
        assert [file for file in said["disputed"] if not disagrees(bodies[file], said["violates"])] == []

    def test_every_argument_is_one_line_that_says_something(self, said):
        told = [row["argument"] for row in said["disputed"].values()]
        assert [text for text in told if "\n" in text or len(text) < 40] == []

    def test_a_reason_is_declared_for_bodies_that_violate_something_and_no_others(self, bodies, said):
        wrong = {file for file, body in bodies.items() if body.said == "violates"}
        assert set(said["violates"]) == wrong - set(said["disputed"])

    def test_what_conforms_is_looked_at_but_for_these(self, bodies, said):
        unseen = {file for file, body in bodies.items() if body.said == "conforms" and not body.seen}
        assert unseen == set(said["unseen"])

    def test_what_another_api_answers_could_not_be_checked(self, bodies):
        alien = [
            body for body in bodies.values() if body.expected.startswith("n/a") and "container" not in body.expected
        ]
        assert len(alien) > 5
        assert [body.file for body in alien if body.seen or not body.came_to["could-not-check"]] == []

    def test_every_verdict_is_under_a_clause_of_the_ledger(self, bodies):
        assert {clause for body in bodies.values() for told in body.came_to.values() for clause in told} <= set(
            ledger.clauses()
        )

    def test_the_page_of_all_of_them_is_current(self, bodies, said):
        assert PAGE.read_text(encoding="utf-8") == page(bodies, said), f"make it again: {AGAIN}"


if __name__ == "__main__":
    sys.stdout.write(page(judged(), declared()))
