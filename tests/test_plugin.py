"""Plain pytest runs the same checks; what pytest settings lie around changes nothing of ``run``."""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from conformance import targets
from conformance.checks import all_checks
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import hosts

ROOT = Path(__file__).parents[1]
CONCERNING = hosts.concerning(all_checks(), targets.load("moonshot"))
LATE = ROOT / "cassettes" / "scenarios" / "k26-announced-k25-listed"
# An installed package brings the plugin itself.
INSTALLED = any(entry.value == "conformance.plugin" for entry in entry_points(group="pytest11"))
HOSTILE = """[pytest]
addopts = --collect-only -k nothing --maxfail=1 -n 4 --unknown-option
python_files = nothing.py
filterwarnings = error
markers = strict
junit_family = legacy
"""


@pytest.fixture
def checked(tmp_path):
    """Run plain pytest on the checks, in an empty folder, without the plugins of others unless they are wanted."""

    def run(*arguments, autoload=False, **environment):
        command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.checks", "-p", "no:cacheprovider"]
        command += [] if autoload and INSTALLED else ["-p", "conformance.plugin"]
        command += [] if autoload else ["--disable-plugin-autoload"]
        known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=tmp_path, env=known | {"PYTHONPATH": str(ROOT)} | environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


def counted(ended) -> str:
    return ended.stdout.strip().splitlines()[-1]


class TestPlainPytest:
    def test_every_check_is_an_item_of_its_own_and_an_honest_server_is_green(self, checked):
        ended = checked("--mode", "reference", "-q", autoload=True)
        assert ended.returncode == 0, ended.stdout
        passed, skipped = (int(counted(ended).split(word)[0].split()[-1]) for word in (" passed", " skipped"))
        assert passed + skipped == len(CONCERNING)

    def test_a_selection_deselects_the_rest_and_a_run_file_is_written_where_it_is_asked_for(self, checked, tmp_path):
        ended = checked("--select", "balance", "--out", "out", "-q")
        assert ended.returncode == 0
        assert "deselected" in counted(ended)
        records = [json.loads(line) for line in (tmp_path / "out" / "run.ndjson").read_text().splitlines()]
        assert (records[0]["kind"], records[-1]["kind"], records[-1]["exit"]) == ("run", "end", 0)
        asked = {record["scenario"] for record in records if record["kind"] == "exchange"}
        assert asked == {"balance.read", "balance.after"}

    def test_what_is_broken_is_red_with_what_was_expected_and_the_source(self, checked):
        ended = checked("--cassettes", LATE, "--select", "models")
        assert ended.returncode == 1
        for told in ("kimi-k2.6, announced 2026-04-20, 3 days late", "got      not listed", "source: https://"):
            assert told in ended.stdout
        assert "Traceback" not in ended.stdout

    def test_what_could_not_be_checked_is_red_too(self, checked, tmp_path):
        (tmp_path / "none").mkdir()
        ended = checked("--cassettes", "none", "--select", "balance.status")
        assert ended.returncode == 1
        assert "COULD-NOT-CHECK" in ended.stdout

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--select", "modles"], "nothing answers to 'modles'"),
            (["--as-of", "yesterday"], "'yesterday' is no day"),
            (["--mode", "live"], "set the environment variable MOONSHOT_API_KEY"),
        ],
    )
    def test_what_is_asked_wrongly_is_a_usage_error(self, checked, arguments, told):
        ended = checked(*arguments, MOONSHOT_API_KEY="")
        assert ended.returncode == 4
        assert told in ended.stderr + ended.stdout
        assert "INTERNALERROR" not in ended.stderr + ended.stdout

    def test_collecting_sends_nothing_needs_no_key_and_names_every_item_apart(self, checked):
        paths = []
        app = create_app()

        async def counting(scope, receive, send):
            paths.append(scope["path"])
            await app(scope, receive, send)

        with running(counting) as url:
            target = f"moonshot={url}"
            ended = checked("--collect-only", "-q", "--mode", "live", "--target", target, MOONSHOT_API_KEY="")
        assert (ended.returncode, paths) == (0, [])
        names = [line for line in ended.stdout.splitlines() if "::" in line]
        assert len(names) == len(set(names)) == len(CONCERNING)
        assert any(name.endswith("test_balance.py::test_sum[balance.read-balance.sum]") for name in names)

    def test_other_tests_are_left_alone(self, tmp_path):
        (tmp_path / "test_other.py").write_text("def test_plain():\n    assert True\n")
        command = [sys.executable, "-m", "pytest", "--disable-plugin-autoload", "-p", "conformance.plugin"]
        ended = subprocess.run(
            [*command, "-q", "test_other.py"], cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (ended.returncode, counted(ended).startswith("1 passed")) == (0, True)


class TestSettingsThatLieAround:
    @pytest.fixture
    def hostile(self, folder, monkeypatch):
        (folder / "pytest.ini").write_text(HOSTILE)
        (folder / "conftest.py").write_text("raise RuntimeError('a conftest of somebody else')\n")
        (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-x --broken'\n")
        (folder / "conformance.py").write_text("raise RuntimeError('another module of our name')\n")
        monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -k nothing --unknown-option")
        monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
        return folder

    def test_they_change_nothing_of_a_run(self, hostile, cli):
        ended = cli("run", "--select", "models", "--json")
        assert ended.code == 0
        assert len(ended.document["verdicts"]) == len(
            [check for check in all_checks() if check.scenario == "models.list"]
        )

    def test_they_are_still_there_afterwards(self, hostile, cli):
        cli("run", "--select", "balance")
        assert os.environ["PYTEST_ADDOPTS"] == "--collect-only -k nothing --unknown-option"
        assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"

    def test_nothing_of_pytest_is_left_behind(self, hostile, cli):
        before = {path.name for path in hostile.iterdir()}
        cli("run", "--select", "balance")
        assert {path.name for path in hostile.iterdir()} - before == {"reports"}
