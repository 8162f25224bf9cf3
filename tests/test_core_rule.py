"""The core's rule: no I/O, no clock, no library, no edge. Lint must see every breach."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("controller", "attract_screen", "cloud_relay", "simulator")
BREACHES = [
    "import time\n",
    "from pathlib import Path\n",
    "import paho.mqtt.client\n",
    "from controller.ledger import Ledger\n",
    "from datetime import datetime\nnow = datetime.now()\n",
    "text = open('/etc/hostname').read()\n",
    "print('hello')\n",
]


def core_files() -> list[Path]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).glob("*.py"))]
    return [
        path for path in files if (ast.get_docstring(ast.parse(path.read_text())) or "").startswith("CORE")
    ]


def lint(path: Path, text: str) -> subprocess.CompletedProcess[str]:
    rules = "TID251,PTH123,T201,DTZ005"
    command = [sys.executable, "-m", "ruff", "check", "--select", rules, "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, cwd=ROOT, check=False)


def test_the_rules_for_money_are_core() -> None:
    """The files that decide about money say that they are core."""
    names = {f"{path.parent.name}/{path.name}" for path in core_files()}
    assert {"controller/decide.py", "controller/money.py", "controller/wire.py"} <= names


@pytest.mark.parametrize("path", core_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_core_file_keeps_the_rule(path: Path) -> None:
    """A file that says CORE in its first line passes the core's rules, and is not exempt from them."""
    assert lint(path, path.read_text()).returncode == 0
    assert lint(path, "import time\n").returncode == 1, "the file is exempt: see per-file-ignores"


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_of_the_rule_fails_lint(breach: str) -> None:
    """Each kind of breach, written into the core, is found."""
    path = ROOT / "controller" / "decide.py"
    assert lint(path, path.read_text() + breach).returncode == 1


def test_a_new_file_of_the_controller_is_core_until_it_says_otherwise() -> None:
    """Nobody has to remember to add a new file to a list."""
    assert lint(ROOT / "controller" / "brand_new.py", "import socket\n").returncode == 1
