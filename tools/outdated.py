"""Says which pinned packages are behind, and which are known to be bad: `make outdated`.

Ends with 0 only if every question was answered, and well; with 1 if a package is behind or bad; with 2 if
something is not known, because nobody answered.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pins import pins

ROOT = Path(__file__).parent.parent
PINNED = (
    "requirements/cabinet.lock",
    "requirements/lgpio.lock",
    "cloud_relay/requirements.txt",
    "fleet/requirements.txt",
)
KNOWN_BAD = ROOT / "requirements" / "known-bad.txt"
# The open book of advisories, to which PyPI's own belong; its format: https://google.github.io/osv.dev/post-v1-querybatch
ADVISORIES = "https://api.osv.dev/v1/querybatch"
WITHIN_S = 30
GOOD, WRONG, NOT_KNOWN = 0, 1, 2
Pin = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What was found out about one pin; None is what nobody answered."""

    newest: str | None
    bad: tuple[str, ...] | None

    def status(self, version: str) -> int:
        """How it counts. An index whose newest is older than the pin is behind itself, and knows nothing."""
        newest, pinned = self.newest and Version(self.newest), Version(version)
        if self.bad or (newest and newest > pinned):
            return WRONG
        return GOOD if newest == pinned and self.bad is not None else NOT_KNOWN


def main() -> int:
    """Ask, print a line for each pin, and say how it stands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[ROOT / name for name in PINNED])
    parser.add_argument("--advisories", default=ADVISORIES, help="default: %(default)s")
    options = parser.parse_args()
    pinned = sorted({pin for file in options.files for pin in pins(file).items()})
    listed, told = known_bad(KNOWN_BAD, pinned), asked_of_advisories(options.advisories, pinned)
    with ThreadPoolExecutor(4) as lanes:
        newest = list(lanes.map(newest_of, [name for name, _ in pinned]))
    answers = [
        Answer(found, joined(listed[pin], told and told[pin]))
        for pin, found in zip(pinned, newest, strict=True)
    ]
    print(f"{'package':<18} {'pinned':<16} {'newest':<16} known to be bad")
    for (name, version), answer in zip(pinned, answers, strict=True):
        print(f"{name:<18} {version:<16} {answer.newest or 'not known':<16} {said(answer.bad)}")
    statuses = [answer.status(version) for (_, version), answer in zip(pinned, answers, strict=True)]
    print(verdict(statuses))
    return WRONG if WRONG in statuses else max(statuses, default=NOT_KNOWN)


def newest_of(name: str) -> str | None:
    """The newest release that pip's index has for this Python; None if it does not say."""
    command = [sys.executable, "-I", "-m", "pip", "index", "versions", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.match(rf"{re.escape(name)} \((\S+)\)", ended.stdout, re.IGNORECASE)
    return found[1] if ended.returncode == 0 and found else None


def known_bad(file: Path, pinned: Iterable[Pin]) -> dict[Pin, tuple[str, ...]]:
    """What the list that comes with this copy says against each."""
    lines = [line.partition("#") for line in file.read_text().splitlines() if not line.startswith("#")]
    bad = [(Requirement(versions), remark.strip()) for versions, _, remark in lines]
    return {
        (name, version): tuple(
            remark
            for need, remark in bad
            if canonicalize_name(need.name) == canonicalize_name(name) and need.specifier.contains(version)
        )
        for name, version in pinned
    }


def asked_of_advisories(url: str, pinned: list[Pin]) -> dict[Pin, tuple[str, ...]] | None:
    """The advisories against each; None if they could not be had, whole and for all."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": each} for name, each in pinned]
    request = urllib.request.Request(  # noqa: S310 - the address is ours, or was typed by who runs this
        url, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:  # noqa: S310 - as above
            results = json.load(answer)["results"]
        return dict(zip(pinned, map(ids_of, results), strict=True))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"{url} did not say what is known to be bad: {error or type(error).__name__}", file=sys.stderr)
        return None


def ids_of(result: dict[str, Any]) -> tuple[str, ...]:
    """The names of the advisories in one answer; a page that goes on somewhere else is no answer."""
    ids = tuple(each["id"] for each in result.get("vulns", ()))
    if not ids and "next_page_token" in result:
        raise ValueError("an answer goes on on another page")
    return ids


def joined(listed: tuple[str, ...], told: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """All that is known against one; the list alone never clears anything."""
    return listed or None if told is None else (*listed, *told)


def said(bad: tuple[str, ...] | None) -> str:
    """In the last column."""
    return "not known" if bad is None else ", ".join(bad) or "no"


def verdict(statuses: list[int]) -> str:
    """The last line."""
    wrong, not_known = statuses.count(WRONG), statuses.count(NOT_KNOWN)
    if not wrong and not not_known:
        return f"All {len(statuses)} are the newest, and nothing is known against them."
    return (
        f"{wrong} of {len(statuses)} behind or bad, {not_known} not known. Choose newer ones by make lock; "
        "for the relay write their versions into cloud_relay/requirements.txt first."
    )


if __name__ == "__main__":
    sys.exit(main())
