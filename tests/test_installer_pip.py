"""Where install.sh takes its Python packages from: the index that the system names, and no further one."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parent.parent / "installer"
# The rest of install.sh, in small.
HARNESS = """
set -eu
new={folder}/new app={folder}/app source_dir={folder} bundle=$1
say() {{ printf '%s\\n' "$*"; }}
fail() {{ say "install.sh: $*" >&2; exit 1; }}
. {installer}/trouble.sh
. {installer}/release.sh
check_python() {{ :; }}
stage_venv
"""
NAMES = ("pixel", "sprite")

pytestmark = pytest.mark.skipif(
    not [*Path("/usr/share/python-wheels").glob("pip-*.whl")], reason="the system's pip is not here"
)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Not on the terminal."""


def wheel(folder: Path, name: str) -> str:
    """A package in `folder`, and its line of the lock."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"{name}.py", "")
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """The host and port of an index with what the release needs."""
    (tmp_path / "new").mkdir()
    lock = tmp_path / "new" / "requirements.lock"
    for name in NAMES:
        folder = tmp_path / "served" / "simple" / name
        folder.mkdir(parents=True)
        lock.write_text((lock.read_text() if lock.exists() else "") + wheel(folder, name))
    handler = partial(QuietHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes every connection, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def staged(folder: Path, pip_conf: str, bundle: str = "") -> subprocess.CompletedProcess[str]:
    """Bring the packages, on a system with this /etc/pip.conf."""
    (folder / "pip.conf").write_text(pip_conf)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        ["sh", "-c", HARNESS.format(folder=folder, installer=INSTALLER), "sh", bundle],
        env=clean | {"PIP_CONFIG_FILE": f"{folder}/pip.conf", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def brought(folder: Path) -> list[str]:
    """The packages that the new venv has."""
    return sorted(path.stem for path in folder.glob("new/venv/lib/python3.*/site-packages/[a-z]*.py"))


@pytest.mark.parametrize("section", ["global", "install"])
def test_a_further_index_that_never_answers_is_not_asked(
    tmp_path: Path, mirror: str, silent: socket.socket, section: str
) -> None:
    """Raspberry Pi OS names piwheels; out of reach, each package waited for it, without a word."""
    port = silent.getsockname()[1]
    said = staged(
        tmp_path,
        f"[{section}]\nindex-url = http://op:secret@{mirror}/simple\n"
        f"extra-index-url = http://127.0.0.1:{port}/simple\n",
    )

    assert (said.returncode, said.stdout, said.stderr) == (
        0,
        f"waiting for 2 packages from http://{mirror}/simple ...\n",
        "",
    )
    assert brought(tmp_path) == [*NAMES]
    with pytest.raises(BlockingIOError):
        silent.accept()


def test_a_mirror_that_is_gone_is_given_up_soon_and_named(tmp_path: Path, mirror: str) -> None:
    """Three tries, each with its reason; and which it was stands above them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"127.0.0.1:{free.getsockname()[1]}"
    said = staged(tmp_path, f"[global]\nindex-url = http://{gone}/simple\n")

    assert (said.returncode, said.stdout) == (1, f"waiting for 2 packages from http://{gone}/simple ...\n")
    assert said.stderr.count("WARNING: Retrying") == 2
    assert brought(tmp_path) == []


def test_a_bundle_is_all_that_is_asked(tmp_path: Path, mirror: str) -> None:
    """Without a network there is nothing to wait for but the card."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for path in (tmp_path / "served").rglob("*.whl"):
        path.rename(bundle / path.name)
    said = staged(tmp_path, "", bundle=str(bundle))

    assert (said.returncode, said.stdout, brought(tmp_path)) == (
        0,
        f"waiting for 2 packages from {bundle} ...\n",
        [*NAMES],
    )
