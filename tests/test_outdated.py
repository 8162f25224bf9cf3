"""`make outdated`: what is behind or bad is told, and what nobody answers is never a success."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from outdated import KNOWN_BAD, PINNED, known_bad  # noqa: E402 - the tools are no package
from pins import pins  # noqa: E402 - as above

NOBODY = "http://127.0.0.1:9/"
FLASK = "flask==3.1.3"


@contextmanager
def advisories(answer: Any) -> Iterator[str]:
    """A server that gives one answer to all; what it was asked is held to the real one's documented form."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            whole = all(
                query["package"]["ecosystem"] == "PyPI" and query["version"] for query in asked["queries"]
            )
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200 if whole else 400)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def outdated(folder: Path, pinned: str, offered: list[str], url: str) -> tuple[int, list[list[str]], str]:
    """What it says of a file, where pip is offered these wheels: status, lines in columns, verdict."""
    for wheel in offered:
        name, version = wheel.split("==")
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w"):
            pass
    (folder / "pinned.txt").write_text(pinned)
    offer = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tools/outdated.py"), str(folder / "pinned.txt"), "--advisories", url],
        env=clean | offer,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    _, *lines, verdict = ended.stdout.splitlines()
    return ended.returncode, [line.split(maxsplit=3) for line in lines], verdict.partition(". ")[0]


def test_all_is_well_only_if_all_was_answered(tmp_path: Path) -> None:
    """The newest, and an answer that knows of nothing against it."""
    with advisories({"results": [{}]}) as url:
        assert outdated(tmp_path, FLASK, [FLASK], url) == (
            0,
            [["flask", "3.1.3", "3.1.3", "no"]],
            "All 1 are the newest, and nothing is known against them.",
        )


def test_one_that_is_behind_is_told_with_the_newest(tmp_path: Path) -> None:
    """By the numbers, not by the letters: 3.1.10 is newer than 3.1.3."""
    with advisories({"results": [{}]}) as url:
        assert outdated(tmp_path, FLASK, [FLASK, "flask==3.1.10"], url) == (
            1,
            [["flask", "3.1.3", "3.1.10", "no"]],
            "1 of 1 behind or bad, 0 not known",
        )


def test_one_that_is_known_to_be_bad_is_told_though_it_is_the_newest(tmp_path: Path) -> None:
    """With the names under which its hole can be looked up."""
    results = [{"vulns": [{"id": "GHSA-1", "modified": "2026-01-01T00:00:00Z"}, {"id": "PYSEC-2"}]}]
    with advisories({"results": results}) as url:
        assert outdated(tmp_path, FLASK, [FLASK], url) == (
            1,
            [["flask", "3.1.3", "3.1.3", "GHSA-1, PYSEC-2"]],
            "1 of 1 behind or bad, 0 not known",
        )


def test_without_a_network_nothing_is_known(tmp_path: Path) -> None:
    """Silence is not good news."""
    assert outdated(tmp_path, FLASK, [], NOBODY) == (
        2,
        [["flask", "3.1.3", "not", "known        not known"]],
        "0 of 1 behind or bad, 1 not known",
    )


def test_without_a_network_the_list_of_this_copy_is_heard(tmp_path: Path) -> None:
    """It can only condemn: the other one stays unknown."""
    status, lines, verdict = outdated(
        tmp_path, f"{FLASK}\nurllib3==2.5.0\n", [FLASK, "urllib3==2.5.0"], NOBODY
    )
    assert (status, lines[0][3], verdict) == (1, "not known", "1 of 2 behind or bad, 1 not known")
    assert lines[1][3].startswith("CVE-2025-66418, CVE-2025-66471, CVE-2026-21441: ")


NO_ANSWERS = [
    b"<html>Please log in to this Wi-Fi</html>",
    {},
    {"results": []},
    {"results": [None]},
    {"results": [{}, {}]},
    {"results": [{"next_page_token": "more"}]},
    {"results": [{"vulns": [{}]}]},
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_an_answer_that_is_none_clears_nothing(tmp_path: Path, answer: Any) -> None:
    """A captive portal answers everything with 200."""
    with advisories(answer) as url:
        assert outdated(tmp_path, FLASK, [FLASK], url) == (
            2,
            [["flask", "3.1.3", "3.1.3", "not known"]],
            "0 of 1 behind or bad, 1 not known",
        )


def test_an_index_that_is_behind_us_knows_of_no_newer(tmp_path: Path) -> None:
    """A mirror that nobody keeps up."""
    with advisories({"results": [{}]}) as url:
        assert outdated(tmp_path, FLASK, ["flask==3.1.2"], url) == (
            2,
            [["flask", "3.1.3", "3.1.2", "no"]],
            "0 of 1 behind or bad, 1 not known",
        )


@pytest.mark.parametrize("name", PINNED)
def test_nothing_that_is_pinned_is_known_to_be_bad(name: str) -> None:
    """By the list that comes with this copy, without asking anybody."""
    found = known_bad(KNOWN_BAD, pins(ROOT / name).items())
    assert found != {}
    assert {pin: bad for pin, bad in found.items() if bad} == {}
