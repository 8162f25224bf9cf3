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
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [
        path for path in files if (ast.get_docstring(ast.parse(path.read_text())) or "").startswith("CORE")
    ]


# What the core may import beside its own: parts of the standard library that neither do nor read anything.
PURE = {
    "__future__",
    "abc",
    "ast",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "re",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
}


def imports(text: str) -> set[str]:
    """Every module that a file imports: `from a import b` counts as a.b where that is one of our files."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            # A generator with a seed is as pure as a table; the module's own one is not.
            found |= {"math" if alias.name == "Random" else "random" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            ours = {name for name in inner if (ROOT / (name.replace(".", "/") + ".py")).exists()}
            found |= ours or {str(node.module)}
    return found


def forbidden(text: str) -> set[str]:
    core = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in core_files()}
    return {n for n in imports(text) if n not in core and n not in PURE and n.split(".")[0] not in PURE}


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
    assert forbidden(path.read_text()) == set()
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


@pytest.mark.parametrize(
    "breach",
    ["import numpy", "import ssl", "from http import client", "from cloud_relay.publish import Publisher"],
)
def test_only_what_is_known_to_be_pure_may_be_imported(breach: str) -> None:
    """A list of what is forbidden would always lack the next library."""
    assert forbidden((ROOT / "controller" / "decide.py").read_text() + breach) != set()
