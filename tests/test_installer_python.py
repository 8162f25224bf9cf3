"""What install.sh runs as root in Python: only files of the project's, and nothing from where root stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_config import NEEDED, written

PROJECT = Path(__file__).parent.parent
INSTALLER = PROJECT / "installer"
CABINET = PROJECT / "systemd" / "cabinet"
UNIT = PROJECT / "systemd" / "arcade-controller.service"
# The rest of install.sh, in small; who the check runs as is the machine's matter.
HARNESS = f"""
set -eu
source_dir={PROJECT}
say() {{ printf '%s\\n' "$*"; }}
fail() {{ say "$*" >&2; exit 1; }}
has_packaged_lgpio() {{ false; }}
systemctl() {{ true; }}
runuser() {{ shift 3; "$@"; }}
app=$1 new=$2 config=$3
. {INSTALLER}/release.sh
. {INSTALLER}/boot_file.sh
"""
# What the scripts start Python with: its version, -I (isolated), or -P (not the current folder).
SAFE = re.compile(r'^"? (-V|-I|-P)\b')
HIDDEN = re.compile(r"[Pp]ython.*? -c (?!'')|[Pp]ython\S* - |^import |^from ", re.M)
STARTED = re.compile(r"\b(?:python3|venv/bin/python)(?![\w.-])(?P<rest>.*)")


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder like /tmp, where somebody has left a module for each that a root script could import."""
    folder = tmp_path / "planted"
    folder.mkdir()
    names = {*sys.stdlib_module_names, "controller", "attract_screen", "yaml", "gpiozero", "_lgpio"}
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    return folder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release with this environment; what only a cabinet has, lgpio, is empty."""
    folder = tmp_path / "release"
    for package in ("controller", "attract_screen"):
        shutil.copytree(PROJECT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "_lgpio.py").touch()
    (folder / "venv").symlink_to(sys.prefix)
    return folder


def run(script: str, cwd: Path, release: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of install.sh's in a folder."""
    command = ["sh", "-c", HARNESS + script, "sh", str(release), str(release), str(config)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "script", ["locks >/dev/null", "check_release", "check_config", "coin_pin", "exchange a b"]
)
def test_no_step_runs_what_lies_where_root_stands(
    planted: Path, release: Path, tmp_path: Path, script: str
) -> None:
    """`cd /tmp && sudo .../install.sh` ran anybody's ctypes.py."""
    for name in ("a", "b"):
        (planted / name).touch()
    ended = run(script, planted, release, written(tmp_path, NEEDED))
    assert (ended.returncode, ended.stderr, (tmp_path / "ran").exists()) == (0, "", False)


def test_every_python_that_the_installer_starts_is_shut_off_from_the_current_folder() -> None:
    """For the steps that need a network too, such as pip's."""
    scripts = [PROJECT / "install.sh", *INSTALLER.glob("*.sh")]
    starts = [
        (script.name, line.strip(), started["rest"])
        for script in scripts
        for line in script.read_text().splitlines()
        if (started := STARTED.search(line)) and not re.match(r"\s*(#|wanted=)", line)
    ]
    assert len(starts) >= 10
    assert [(name, line) for name, line, rest in starts if not SAFE.match(rest)] == []


def test_no_tool_of_the_project_s_looks_for_modules_where_it_was_started() -> None:
    """Some of them are run by root, and pip and venv bring code of their own."""
    scripts = [CABINET, *(PROJECT / "tools").glob("**/*.sh")]
    starts = [
        (script.name, line.strip())
        for script in scripts
        for line in script.read_text().splitlines()
        if re.search(r"[Pp]ython\S*(?: -I| -P)? -m ", line)
        and not re.search(r"-m (pytest|attract_screen)", line)
    ]
    assert len(starts) >= 10
    assert [(name, line) for name, line in starts if not re.search(r"[Pp]ython\S* -[IP] -m ", line)] == []


def test_no_program_is_hidden_in_a_shell_script() -> None:
    """In a file of its own lint and types see it; an empty one only shows that Python starts."""
    scripts = [PROJECT / "install.sh", *INSTALLER.glob("*.sh"), *(PROJECT / "tools").glob("**/*.sh")]
    hidden = {script.name: found for script in scripts if (found := HIDDEN.findall(script.read_text()))}
    assert hidden == {}


def test_two_folders_change_places(tmp_path: Path, release: Path) -> None:
    """At no moment is there none."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    run("exchange a b", tmp_path, release, tmp_path)
    assert [each.name for name in ("a", "b") for each in (tmp_path / name).iterdir()] == ["b", "a"]


def test_a_release_that_cannot_be_imported_is_refused(tmp_path: Path, release: Path) -> None:
    """Its own code is looked at, and not that of the release which is installed."""
    (release / "controller" / "app.py").write_text("import no_such_module\n")
    ended = run("check_release", tmp_path, release, tmp_path)
    assert (ended.returncode, ended.stderr.splitlines()[-2:]) == (
        1,
        [
            "ModuleNotFoundError: No module named 'no_such_module'",
            "this release does not even import; nothing was replaced",
        ],
    )


def test_the_unit_s_python_finds_all_compiled(tmp_path: Path, release: Path) -> None:
    """At the place where the release will be: the service cannot write, and compiled it at each start."""
    app = tmp_path / "app"
    command = ["sh", "-c", HARNESS + "check_release", "sh", str(app), str(release), "no config"]
    subprocess.run(command, cwd=tmp_path, check=True)
    release.rename(app)

    python = re.findall(r"^ExecStart=(.*) -m controller ", UNIT.read_text(), re.M)[0]
    python = python.replace("/opt/arcade-cabinet", str(app)).split()
    imports = "import controller.__main__, controller.app, controller.commands.run"
    surroundings = os.environ | {"PYTHONPATH": str(app)}
    command = [*python, "-B", "-v", "-c", imports]
    said = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stderr

    loaded = re.findall(r"^# code object from '?(.*?)'?$", said, re.M)
    assert [file for file in loaded if "/controller/" in file and "/compiled/" in file]
    assert [file for file in loaded if file.endswith(".py")] == []


def test_a_release_that_was_compiled_for_another_python_is_not_as_it_should_be(
    tmp_path: Path, release: Path
) -> None:
    """Debian has upgraded its Python: install.sh, run again, builds the release anew."""
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
        shutil.copy(PROJECT / name, release)
    (release / "compiled").mkdir()
    run("locks >$app/requirements.lock; python_build >$app/compiled/for", tmp_path, release, tmp_path)
    asks = 'release="controller attract_screen pyproject.toml README.md CHANGELOG.md"; is_installed'
    before = run(asks, tmp_path, release, tmp_path).returncode
    (release / "compiled" / "for").write_text("Python 3.11.1\n")
    assert (before, run(asks, tmp_path, release, tmp_path).returncode) == (0, 1)


def test_a_release_that_does_not_take_the_configuration_is_refused(tmp_path: Path, release: Path) -> None:
    """By the release's own rules, not those of the one that runs."""
    keys = release / "controller" / "config" / "keys.py"
    keys.write_text(keys.read_text().replace('"board_boot_s"', '"board_boots_s"'))
    config = written(tmp_path, NEEDED + "board_boot_s: 0\n")
    ended = run("check_config", tmp_path, release, config)
    assert (ended.returncode, ended.stderr) == (
        1,
        f"{config}:6: board_boot_s is unknown: did you mean board_boots_s?\n"
        "this release does not take that config.yaml; nothing was replaced, and the cabinet runs on. "
        "Edit it, and run this again\n",
    )
