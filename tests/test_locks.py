"""What a cabinet's virtual environment holds: all that its programs need, in versions that were tested."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HASH = re.compile(r" --hash=sha256:[0-9a-f]{64}")


def locked(name: str) -> dict[str, tuple[str, int]]:
    """By package, its version and how many wheels may be taken."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text().replace(" \\\n   ", "")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = {}
    for line in lines:
        pin, *rest = HASH.split(line)
        package, version = pin.split("==")
        assert set(rest) == {""}, line
        found[package] = (version, len(rest))
    return found


def needs() -> list[Requirement]:
    """What pyproject.toml names, but for pygame: a cabinet has its system's, which draws on the console."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        named = [Requirement(line) for line in tomllib.load(file)["project"]["dependencies"]]
    return [need for need in named if need.name != "pygame"]


def test_everything_that_the_cabinet_needs_is_locked_within_its_bounds() -> None:
    """Nothing is taken that has no hash, so that a missing one would end the installation."""
    versions = {name: version for name, (version, _) in locked("cabinet").items()}
    unmet = [str(need) for need in needs() if not need.specifier.contains(versions.get(need.name, "0"))]
    assert unmet == []


def test_every_need_of_a_need_is_locked_too() -> None:
    """They are installed without looking for more."""
    deeper = {
        need.name.lower().replace("_", "-")
        for name in locked("cabinet")
        for need in map(Requirement, importlib.metadata.requires(name) or ())
        if need.marker is None or need.marker.evaluate({"extra": "", "sys_platform": "linux"})
    }
    # colorzero names setuptools, and uses nothing of it.
    assert deeper - set(locked("cabinet")) == {"setuptools"}


def test_the_locked_versions_are_those_that_these_tests_ran_with() -> None:
    """An untested version does not go to a cabinet."""
    versions = {name: version for name, (version, _) in locked("cabinet").items()}
    assert {name: importlib.metadata.version(name) for name in versions} == versions


def test_a_package_has_one_wheel_for_all_or_one_for_each_cabinet() -> None:
    """x86_64 and aarch64, under Python 3.11 (Bookworm) and 3.13 (Trixie); lgpio for Debian 12 alone."""
    counts = {name: {count for _, count in locked(name).values()} for name in ("cabinet", "lgpio")}
    assert counts == {"cabinet": {1, 4}, "lgpio": {2}}


def test_no_lock_names_where_its_packages_come_from() -> None:
    """Each cabinet asks whom its own pip is set up to ask."""
    assert [path.name for path in (ROOT / "requirements").iterdir() if "://" in path.read_text()] == []
