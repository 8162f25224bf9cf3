"""The core's rule: no I/O, no clock, no library, no edge. `make lint` sees every breach in a pure room."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("controller", "attract_screen", "cloud_relay", "fleet", "simulator")
PURE_NAMES = {"model", "rules", "formats", "pages", "journal", "reports"}
PURE_ROOMS = sorted(
    folder.relative_to(ROOT)
    for package in PACKAGES
    for folder in (ROOT / package).rglob("*")
    if folder.is_dir() and folder.name in PURE_NAMES
)
# One of each kind: edges of the same package and of another, I/O of the standard library, other people's.
FORBIDDEN_IMPORTS = [
    "from controller.cloud.timed_http import TimedHttp",
    "from controller.ledger import ledger",
    "import controller.app",
    "from cloud_relay.broker.publisher import Publisher",
    "import time",
    "import ssl",
    "import asyncio",
    "from pathlib import Path",
    "from http import client",
    "from urllib.request import urlopen",
    "import requests",
    "import paho.mqtt.client",
    "import numpy",
]
# These need no import that is forbidden: ruff sees them.
BREACHES = {
    "a clock": "from datetime import datetime\nnow = datetime.now()\n",
    "dice": "from random import random\n",
    "a log": "from logging import getLogger\n",
    "a file": "text = open('/etc/hostname').read()\n",
    "a terminal": "print('hello')\n",
}


def test_what_decides_about_money_lies_in_a_pure_room() -> None:
    """The rules of both sides, the states and the messages: lint holds these folders to the rule."""
    assert set(map(str, PURE_ROOMS)) >= {
        "controller/model",
        "controller/rules",
        "controller/formats",
        "controller/pages",
        "cloud_relay/rules",
        "attract_screen/model",
        "simulator/board/model",
        "simulator/stripe/model",
        "simulator/chaos/rules",
    }


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """The import half of `make lint`, on the checkout in `folder`."""
    code = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", code, "--no-cache"]
    return subprocess.run(command, text=True, capture_output=True, cwd=folder, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The code as it is, where a test may spoil it."""
    for name in (*PACKAGES, "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_code_keeps_the_contracts(checkout: Path) -> None:
    """As it stands no import breaks the rule: a spoiled copy fails by what spoiled it."""
    found = lint_imports(checkout)
    assert found.returncode == 0, found.stdout


def test_every_forbidden_import_is_found_in_every_pure_room(checkout: Path) -> None:
    """Edges, I/O of the standard library and other people's libraries: each kind, tried in each room."""
    tried = [
        (room / f"breach_{number}.py", line, number)
        for room in PURE_ROOMS
        for number, line in enumerate(FORBIDDEN_IMPORTS)
    ]
    for path, line, _ in tried:
        (checkout / path).write_text(f"{line}\n")
    found = lint_imports(checkout)
    assert found.returncode == 1
    for path, line, _ in tried:
        module = ".".join(path.with_suffix("").parts)
        assert f"{module} is pure and may not import " in found.stdout, f"{line} in {path.parent}"


@pytest.mark.parametrize("room", PURE_ROOMS, ids=str)
@pytest.mark.parametrize("breach", BREACHES)
def test_what_needs_no_import_is_found_too(room: Path, breach: str) -> None:
    """A clock, a log, a file: written into any pure room, ruff names it."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "TID251,PTH123,T201",
        "-",
        "--stdin-filename",
    ]
    found = subprocess.run(
        [*command, str(ROOT / room / "breach.py")],
        input=BREACHES[breach],
        text=True,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert found.returncode == 1, found.stdout


# An import of a room from one below it, or of a package that ships apart.
ARROWS_UP = {
    "controller/ledger": "controller.app",
    "attract_screen/picture": "attract_screen.show",
    "cloud_relay/broker": "cloud_relay.routes.door",
    "cloud_relay/stripe": "cloud_relay.broker.publisher",
    "cloud_relay/routes": "attract_screen.feed",
    "fleet/book": "fleet.routes.app",
    "fleet/book/computed": "fleet.book.came.recording",
    "fleet/book/typed": "fleet.book.figures.takings",
    "fleet/reports": "fleet.rules.roles",
    "fleet/ingest": "simulator.chain.part",
    "cloud_relay/logins": "fleet.settings",
    "simulator/chain": "simulator.demo.run",
    "simulator/chaos": "simulator.demo.wifi",
    "controller/system": "simulator.chain.part",
    "controller/cloud": "cloud_relay.errors",
}


def test_every_arrow_up_is_found(checkout: Path) -> None:
    """The list of rooms is the architecture only while no import goes against it."""
    for room, imported in ARROWS_UP.items():
        (checkout / room / "breach.py").write_text(f"import {imported}\n")
    found = lint_imports(checkout)
    assert found.returncode == 1
    arrows = [f"{room.replace('/', '.')}.breach -> {imported}" for room, imported in ARROWS_UP.items()]
    assert [arrow for arrow in arrows if arrow not in found.stdout] == []


@pytest.mark.parametrize("package", [*PACKAGES, "fleet/book"])
def test_a_new_room_has_to_find_its_place(checkout: Path, package: str) -> None:
    """One that the order does not name could import whatever it likes."""
    (checkout / package / "attic").mkdir()
    (checkout / package / "attic" / "__init__.py").touch()
    found = lint_imports(checkout)
    assert found.returncode == 1
    assert f"{package.replace('/', '.')}.attic" in found.stdout


def test_lint_runs_the_contracts() -> None:
    """They are of no use where nobody runs them."""
    plan = subprocess.run(["make", "-n", "lint"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert "lint-imports" in plan
