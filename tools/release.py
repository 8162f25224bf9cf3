"""Makes a release: checks, stamps, commits and tags. `make release VERSION=1.2.3`.

The version stands in controller/__init__.py. The relay ships without the controller, so that it has a copy,
written here; pyproject.toml takes the controller's. The tag is only made here: pushing it is a person's act.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = Path("controller/__init__.py")
COPIES = (Path("cloud_relay/__init__.py"),)
CHANGELOG = Path("CHANGELOG.md")
BRANCH = "main"
UNRELEASED = "## Unreleased"
SECTIONS = ("Before you upgrade", "Added", "Changed", "Fixed")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_STAMP = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)


class NotReady(Exception):
    """Why there can be no release now; one line, with its remedy."""


def main() -> int:
    """Release the version that is named; 1 if something speaks against it, and then nothing was changed."""
    version = sys.argv[1] if len(sys.argv) == 2 else ""
    try:
        check(ROOT, version)
    except NotReady as why:
        print(f"no release: {why}", file=sys.stderr)
        return 1
    stamp(ROOT, version, datetime.now(UTC).date().isoformat())
    git(ROOT, "commit", "--quiet", "--all", "--message", f"Release {version}")
    git(ROOT, "tag", "--annotate", "--message", f"Release {version}", f"v{version}")
    print(f"Committed and tagged v{version}. To publish it: git push --follow-tags")
    return 0


def check(root: Path, version: str) -> None:
    """Look at everything that a release needs.

    Raises:
        NotReady: something is missing.
    """
    if not _VERSION.fullmatch(version):
        raise NotReady(f"VERSION is {version!r}: write three numbers, as in make release VERSION=1.2.3")
    before = version_in(root)
    if numbers(version) <= numbers(before):
        raise NotReady(f"{version} is not after {before}, the version now: choose a greater one")
    if git(root, "tag", "--list", f"v{version}"):
        raise NotReady(f"there is a tag v{version} already: choose a greater one")
    branch = git(root, "branch", "--show-current")
    if branch != BRANCH:
        raise NotReady(f"this is branch {branch or 'none'}: releases are made on {BRANCH}")
    if changed := git(root, "status", "--porcelain"):
        raise NotReady(f"not everything is committed: commit or stash it first:\n{changed}")
    check_changelog((root / CHANGELOG).read_text())


def check_changelog(text: str) -> None:
    """See that what is unreleased is told, in the sections that operators know.

    Raises:
        NotReady: it is not.
    """
    if UNRELEASED not in text.splitlines():
        raise NotReady(f"{CHANGELOG} has no {UNRELEASED!r}: say there what changes for operators")
    unreleased = text.split(f"{UNRELEASED}\n", 1)[1].split("\n## ", 1)[0]
    if not re.search(r"^- ", unreleased, re.MULTILINE):
        raise NotReady(f"nothing stands under {UNRELEASED!r} in {CHANGELOG}: say what changes for operators")
    sections = re.findall(r"^### (.*)$", unreleased, re.MULTILINE)
    if sections != [name for name in SECTIONS if name in sections]:
        had, known = ", ".join(sections), ", ".join(SECTIONS)
        raise NotReady(f"{CHANGELOG} has the sections {had}: take some of {known}, in this order")


def stamp(root: Path, version: str, date: str) -> None:
    """Write the version and its date wherever they stand."""
    for path in (SOURCE, *COPIES):
        text = (root / path).read_text()
        (root / path).write_text(_STAMP.sub(f'__version__ = "{version}"', text))
    text = (root / CHANGELOG).read_text()
    (root / CHANGELOG).write_text(text.replace(f"{UNRELEASED}\n", f"## {version} - {date}\n", 1))


def version_in(root: Path, path: Path = SOURCE) -> str:
    """The version that a file has."""
    found = _STAMP.search((root / path).read_text())
    if found is None:
        raise NotReady(f'{path} has no line __version__ = "...": put it back')
    return found[1]


def numbers(version: str) -> tuple[int, ...]:
    """The version as numbers, for comparing: 0.10.0 is after 0.9.0."""
    return tuple(map(int, version.split(".")))


def git(root: Path, *words: str) -> str:
    """What git says to that; it ends the program if git cannot do it."""
    done = subprocess.run(["git", "-C", root, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
