"""Ratios of what we do against a yardstick, measured in one run: see README.md beside this file."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

COMMAND = [sys.executable, "-m", "conformance.cli"]
LINES = 200_000
SELFTEST_SECONDS = 60


def seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def processor_seconds(action: Callable[[], object]) -> float:
    """Return what the processes that an action starts take of a processor, whatever else it is busy with."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pairs(name: str, ours: Callable[[], object], yardstick: Callable[[], object], goal: float, runs: int) -> None:
    """Print the median ratio of alternating runs, after one of each that does not count."""
    ours(), yardstick()
    taken = [(seconds(ours), seconds(yardstick)) for _ in range(runs)]
    ratio = statistics.median(mine / other for mine, other in taken)
    mine, other = (statistics.median(times) for times in zip(*taken, strict=True))
    met = "met" if ratio <= goal else "MISSED"
    print(f"{name}: {ratio:.2f} (goal ≤ {goal:g}, {met}); {mine:.3f} s against {other:.3f} s, median of {runs} pairs")


def process(*arguments: str, cwd: str | None = None) -> Callable[[], object]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return lambda: subprocess.run([*arguments], cwd=cwd, check=False, **quiet)


def replay() -> None:
    """The full replay with its reports against plain pytest on as many empty tests."""
    from conformance.checks import all_checks

    with tempfile.TemporaryDirectory() as place:
        count = len(all_checks())
        tests = "\n".join(f"def test_{number}():\n    pass\n" for number in range(count))
        Path(place, "test_empty.py").write_text(tests)
        pairs(
            f"replay of {count} checks with its reports / plain pytest on {count} empty tests",
            process(*COMMAND, "run", "--out", f"{place}/out"),
            process(
                sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", place, f"{place}/test_empty.py"
            ),
            1.5,
            7,
        )


def exchange() -> None:
    """One replayed exchange against httpx.MockTransport."""
    import httpx

    from conformance.evidence.cassette import Cassette, path_of
    from conformance.evidence.client import Client
    from conformance.evidence.redact import Redactor
    from conformance.runner.settings import settings

    asked = settings()
    redactor = Redactor(asked.target.key_variable, asked.key)
    cassette = Cassette(path_of(asked.cassettes, "models.list"))
    client = Client(asked.target, redactor, transport=cassette, sleep=lambda _: None)
    request = client.request("GET", "/models", key=asked.key)
    assert client.exchange("s", "1", "models.list", request, refused=False).response
    tape = cassette._load()
    body = tape.responses[0]["body"]["string"]
    mock = httpx.Client(
        transport=httpx.MockTransport(
            lambda _: httpx.Response(200, headers={"content-type": "application/json"}, content=body)
        )
    )
    url = asked.target.base_url + "/models"

    def ours() -> None:
        for _ in range(500):
            tape.rewind()
            client.exchange("s", "1", "models.list", client.request("GET", "/models", key=asked.key), refused=False)

    def yardstick() -> None:
        for _ in range(500):
            mock.get(url, headers={"Authorization": "Bearer x"}).json()

    pairs("500 replayed exchanges, redacted / 500 through httpx.MockTransport", ours, yardstick, 3, 7)


def batch_line(number: int) -> str:
    body = {
        "id": f"chatcmpl-{number:024x}",
        "object": "chat.completion",
        "created": 1788307026,
        "model": "kimi-k2.6",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": f"This is answer {number}, of ordinary length. " * 4},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 30, "completion_tokens": 10, "total_tokens": 40},
    }
    response = {"status_code": 200, "request_id": "", "body": body}
    return json.dumps({"id": f"r{number}", "custom_id": f"r{number}", "response": response, "error": None})


def judge() -> None:
    """``judge`` on a batch output of 200,000 lines against json.loads of the same lines, and its peak of memory."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "output.jsonl")
        with path.open("w") as file:
            file.writelines(batch_line(number) + "\n" for number in range(LINES))
        small = Path(place, "small.jsonl")
        small.write_text("".join(batch_line(number) + "\n" for number in range(2000)))
        loads = "import json,sys\nfor line in open(sys.argv[1],'rb'): json.loads(line)"
        size = path.stat().st_size / 1e6
        pairs(
            f"judge of {LINES} lines ({size:.0f} MB) with its reports / json.loads of them, whole processes",
            process(*COMMAND, "judge", str(path), "--out", f"{place}/out"),
            process(sys.executable, "-c", loads, str(path)),
            3,
            3,
        )
        for name, file in (("2,000", small), ("200,000", path)):
            print(f"  peak memory of judge on {name} lines: {peak(file, place):.0f} MB")


def peak(path: Path, place: str) -> float:
    """Return the megabytes that judge takes for a file, measured in a child of a child."""
    script = (
        "import resource,subprocess,sys;"
        f"subprocess.run({[*COMMAND, 'judge', str(path), '--out', place + '/out']!r},"
        "stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    unit = 1 if sys.platform == "darwin" else 1024
    return int(told) * unit / 1e6


def chunks() -> Iterator[str]:
    """Yield a stream of about 5 MB as the service sends it: a role, reasoning, content, the end."""
    head = {"id": f"chatcmpl-{7:024x}", "object": "chat.completion.chunk", "created": 1788439534, "model": "kimi-k3"}
    words = ["The", " answer", " \u201cyes\u201d", "\n\n", " \u6587\u5b57", ' {"quoted":', " 42", " at", " length", "."]

    def event(delta: dict[str, str], **end: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": None, **end}
        told = head | {"choices": [choice], "system_fingerprint": "fpv0_41b1161c"}
        return f"data: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n\n"

    yield event({"role": "assistant", "content": ""})
    for number in range(20_000):
        text = f"{words[number % len(words)]} {words[number // 7 % len(words)]}{number % 1000}"
        yield event({"reasoning_content" if number < 12_000 else "content": text})
    usage = {"prompt_tokens": 30, "completion_tokens": 20_000, "total_tokens": 20_030}
    yield event({}, finish_reason="stop", usage=usage)
    yield "data: [DONE]\n\n"


def stream() -> None:
    """A stream read against its schema and its grammar and added up, against json.loads of the same data."""
    from conformance import sse
    from conformance.judge.stream import read

    body = "".join(chunks()).encode()
    data = [event.data for event in sse.parse(body).events[:-1]]
    size = len(body) / 1e6
    ours = lambda: read(body, include_usage=False)  # noqa: E731
    assert ours().findings == {}
    pairs(
        f"a stream of {size:.1f} MB, {len(data)} chunks, judged / json.loads of its data",
        ours,
        lambda: [json.loads(text) for text in data],
        3,
        7,
    )
    taken = statistics.median(seconds(ours) for _ in range(7))
    print(f"  {size / taken:.0f} MB/s (goal ≥ 30)")


def sources(place: str) -> int:
    """Write 100 MB of source in files of about 25 kB, one in 200 of which asks Kimi; return the bytes."""
    line = "    result = compute(result, {{'name': 'value {0}', 'count': {0}}}, [1, 2, 3])  # step {0}\n"
    call = "    client.chat.completions.create(model='kimi-k2.6', temperature=1, messages=messages)\n"
    total = 0
    for number in range(4000):
        folder = Path(place, f"package{number // 100}")
        folder.mkdir(exist_ok=True)
        text = f"def step{number}(result):\n" + "".join(line.format(n) for n in range(275))
        text += call if number % 200 == 0 else ""
        total += folder.joinpath(f"module{number}.py").write_text(text)
    return total


def scan() -> None:
    """``scan`` on 100 MB of source against reading the same files, whole processes."""
    with tempfile.TemporaryDirectory() as place:
        size = sources(place) / 1e6
        read = "import pathlib,sys\nfor path in pathlib.Path(sys.argv[1]).rglob('*.py'): path.read_bytes()"
        ours = process(*COMMAND, "scan", place)
        pairs(
            f"scan of {size:.0f} MB in 4000 files / reading them",
            ours,
            process(sys.executable, "-c", read, place),
            8,
            5,
        )
        wall, worked = zip(*((seconds(ours), processor_seconds(ours)) for _ in range(5)), strict=True)
        rate = size / statistics.median(worked)
        met = "met" if rate >= 100 else "MISSED"
        print(f"  {rate:.0f} MB a second of processor time (goal ≥ 100, {met})")
        print(f"  {size / statistics.median(wall):.0f} MB/s by the clock")


def help_() -> None:
    """``--help`` against importing click."""
    ours, yardstick = process(*COMMAND, "--help"), process(sys.executable, "-c", "import click")
    pairs("--help / python -c 'import click'", ours, yardstick, 2, 15)


def selftest() -> None:
    """The whole of ``selftest``, as a process; no yardstick does the same."""
    command = [*COMMAND, "selftest", "--json"]
    begun = time.perf_counter()
    told = json.loads(subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    taken = time.perf_counter() - begun
    met = "met" if taken < SELFTEST_SECONDS else "MISSED"
    print(f"selftest: {taken:.1f} s on {os.cpu_count()} cores (goal < {SELFTEST_SECONDS}, {met})")
    print(f"  {told['mutants']} mutants, {told['mutants'] / taken:.0f} a second, {len(told['survivors'])} survivors")


BENCHMARKS = {
    "replay": replay, "exchange": exchange, "judge": judge, "stream": stream, "scan": scan, "help": help_,
    "selftest": selftest,
}  # fmt: skip

if __name__ == "__main__":
    for chosen in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[chosen]()
