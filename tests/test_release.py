"""The version: in one place, copied where that place does not reach, and moved by `make release`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from release import CHANGELOG, COPIES, SECTIONS, SOURCE, git, numbers, version_in  # noqa: E402 - no package

CHANGES = """\
# Changelog

## Unreleased

### Added

- A lamp.

## 1.9.0 - 2026-01-02

### Fixed

- A fuse.
"""


def test_every_copy_of_the_version_is_the_version() -> None:
    """The relay's image has no controller to ask; a package's metadata asks it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert {path: version_in(ROOT, path) for path in COPIES} == dict.fromkeys(COPIES, version_in(ROOT))
    assert (project["project"]["dynamic"], project["tool"]["setuptools"]["dynamic"]["version"]) == (
        ["version"],
        {"attr": "controller.__version__"},
    )


def releases(changelog: str) -> list[tuple[str, str]]:
    """The versions and dates of its headings, newest first."""
    return re.findall(r"^## (\d+\.\d+\.\d+) - (\S+)$", changelog, re.MULTILINE)


def test_the_changelog_tells_of_this_version_first() -> None:
    """And of those before it in their order, each with its day."""
    told = releases((ROOT / CHANGELOG).read_text())
    versions = [numbers(version) for version, _ in told]
    days = [date.fromisoformat(day) for _, day in told]

    assert told[0][0] == version_in(ROOT)
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_the_changelog_has_the_sections_that_operators_know() -> None:
    """Whoever upgrades looks for the first of them."""
    text = (ROOT / CHANGELOG).read_text()

    assert set(re.findall(r"^## (.*)$", text, re.MULTILINE)) - {"Unreleased"} == {
        f"{version} - {day}" for version, day in releases(text)
    }
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= set(SECTIONS)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small repository that could be released: version 1.9.0, with something new since."""
    for path in (SOURCE, *COPIES, Path("tools/release.py"), Path("Makefile"), Path("installer/release.sh")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for path in (SOURCE, *COPIES):
        (tmp_path / path).write_text('"""A package."""\n\n__version__ = "1.9.0"\n')
    (tmp_path / CHANGELOG).write_text(CHANGES)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "config", "user.name", "Test")
    git(tmp_path, "config", "user.email", "test@example.com")
    commit(tmp_path)
    return tmp_path


def commit(clone: Path) -> None:
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "A change")


def release(clone: Path, version: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "release", f"VERSION={version}"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_release_is_stamped_committed_and_tagged(clone: Path) -> None:
    """1.10.0 comes after 1.9.0; what was unreleased gets its version and its day."""
    done = release(clone, "1.10.0")

    assert (done.returncode, done.stdout) == (
        0,
        "Committed and tagged v1.10.0. To publish it: git push --follow-tags\n",
    )
    assert {version_in(clone, path) for path in (SOURCE, *COPIES)} == {"1.10.0"}
    today = datetime.now(UTC).date().isoformat()
    assert (clone / CHANGELOG).read_text() == CHANGES.replace("Unreleased", f"1.10.0 - {today}")
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s %D") == "Release 1.10.0 HEAD -> main, tag: v1.10.0"
    assert git(clone, "cat-file", "-t", "v1.10.0") == "tag"


def test_the_installer_reads_the_stamped_version(clone: Path) -> None:
    """It tells a technician from which version to which a cabinet was brought."""
    release(clone, "1.10.0")
    command = ["sh", "-c", '. installer/release.sh && version_of "$1"', "sh", clone]
    read = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)

    assert read.stdout == "1.10.0\n"


def edit_changelog(before: str, after: str) -> Callable[[Path], None]:
    def edit(clone: Path) -> None:
        (clone / CHANGELOG).write_text(CHANGES.replace(before, after))
        commit(clone)

    return edit


def on_a_branch(clone: Path) -> None:
    git(clone, "switch", "--quiet", "--create", "lamp")


def with_an_edit(clone: Path) -> None:
    (clone / "Makefile").write_text("")


def with_a_new_file(clone: Path) -> None:
    (clone / "lamp.py").write_text("")


def with_its_tag(clone: Path) -> None:
    git(clone, "tag", "v2.0.0")


def as_it_is(_: Path) -> None:
    """Nothing but the version is wrong."""


KNOWN = ", ".join(SECTIONS)


@pytest.mark.parametrize(
    ("version", "spoil", "why"),
    [
        ("", as_it_is, "VERSION is '': write three numbers, as in make release VERSION=1.2.3"),
        ("2.0", as_it_is, "VERSION is '2.0': write three numbers, as in make release VERSION=1.2.3"),
        ("v2.0.0", as_it_is, "VERSION is 'v2.0.0': write three numbers, as in make release VERSION=1.2.3"),
        ("1.9.0", as_it_is, "1.9.0 is not after 1.9.0, the version now: choose a greater one"),
        ("1.8.9", as_it_is, "1.8.9 is not after 1.9.0, the version now: choose a greater one"),
        ("2.0.0", with_its_tag, "there is a tag v2.0.0 already: choose a greater one"),
        ("2.0.0", on_a_branch, "this is branch lamp: releases are made on main"),
        ("2.0.0", with_an_edit, "not everything is committed: commit or stash it first:\nM Makefile"),
        ("2.0.0", with_a_new_file, "not everything is committed: commit or stash it first:\n?? lamp.py"),
        (
            "2.0.0",
            edit_changelog("## Unreleased\n\n### Added\n\n- A lamp.\n\n", ""),
            "CHANGELOG.md has no '## Unreleased': say there what changes for operators",
        ),
        (
            "2.0.0",
            edit_changelog("- A lamp.\n", ""),
            "nothing stands under '## Unreleased' in CHANGELOG.md: say what changes for operators",
        ),
        (
            "2.0.0",
            edit_changelog("### Added", "### New"),
            f"CHANGELOG.md has the sections New: take some of {KNOWN}, in this order",
        ),
        (
            "2.0.0",
            edit_changelog("### Added", "### Fixed\n\n- A fuse.\n\n### Added"),
            f"CHANGELOG.md has the sections Fixed, Added: take some of {KNOWN}, in this order",
        ),
    ],
)
def test_what_is_not_ready_is_not_released(
    clone: Path, version: str, spoil: Callable[[Path], None], why: str
) -> None:
    """It says why, and changes nothing."""
    spoil(clone)
    before = git(clone, "status", "--porcelain"), git(clone, "log", "--all", "--format=%H %D")
    done = subprocess.run(
        [sys.executable, "tools/release.py", *([version] if version else [])],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, f"no release: {why}\n")
    assert (git(clone, "status", "--porcelain"), git(clone, "log", "--all", "--format=%H %D")) == before
