"""The pages: wrapped, with links that lead somewhere, and pictures that show what is there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from controller.model.payment import PaymentState

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from wrap_prose import wrapped  # noqa: E402 - the tools are no package

PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("cloud_relay/*.md")])
PAGE_IDS = [str(path.relative_to(ROOT)) for path in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
PURE_NAMES = {"model", "rules", "formats", "pages", "journal", "reports"}
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
# Made by whoever does the exercises.
TO_BE_WRITTEN = re.compile(r"tests/test_my_\w+\.py|controller/ledger/games_file\.py")


@every_page
def test_prose_is_wrapped(page: Path) -> None:
    """At 100 columns, but for tables, code and what cannot be broken; `make format` does it."""
    text = page.read_text()

    assert wrapped(text) == text


def test_too_long_a_line_is_wrapped_and_all_else_left_alone() -> None:
    """Lists keep their indent, `code spans` stay whole, and no line begins like a list by accident."""
    words = "word " * 25
    text = (
        f"# {words}\n\n{words}\nshort\n\n- {words}\n  {words}\n- short\n1. {words}\n\n    code {words}\n\n"
        f"| {words} |\n\n```text\n{words}\n```\n\n{'w' * 96} 1. done\n\n{'w' * 90} `one two three`\n"
    )
    once = wrapped(text)

    assert once == (
        f"# {words}\n\n{'word ' * 19}word\n{'word ' * 5}short\n\n- {'word ' * 18}word\n  {'word ' * 18}word\n"
        f"  {'word ' * 11}word\n- short\n1. {'word ' * 18}word\n   {'word ' * 5}word\n\n    code {words}\n\n"
        f"| {words} |\n\n```text\n{words}\n```\n\n{'w' * 96} 1.\ndone\n\n{'w' * 90}\n`one two three`\n"
    )
    assert wrapped(once) == once


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them in addresses."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and a heading that is in it."""
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text())
    dead = [
        f"{target}#{anchor}"
        for target, anchor in links
        if not target.startswith("https://")
        and (
            not (there := page.parent / target if target else page).exists()
            or (anchor and anchor not in anchors(there))
        )
    ]

    assert dead == []


# The changelog and the decisions tell of the past.
@pytest.mark.parametrize("name", [name for name in PAGE_IDS if name not in ("CHANGELOG.md", "DECISIONS.md")])
def test_paths_on_a_page_are_there(name: str) -> None:
    """A file or a room that was renamed is renamed where people are sent to it."""
    code = re.findall(r"`([^`\n]+)`", (ROOT / name).read_text())
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    top = "|".join(rooms - {"build"})  # what the verbs make is there or not
    paths = [text for text in code if re.fullmatch(rf"(?:{top})/[\w./-]*", text)]

    gone = [path for path in paths if not (ROOT / path).exists() and not TO_BE_WRITTEN.fullmatch(path)]
    assert gone == []


def picture(package: str, number: int = 0) -> str:
    """The picture of a package's rooms, the `number`th under the heading that names it."""
    section = re.split(rf"^### .*`{package}/`.*$", ARCHITECTURE, flags=re.MULTILINE)[1].split("\n### ")[0]
    return re.findall(r"```mermaid\n(.*?)```", section, re.DOTALL)[number]


PICTURES = {
    "controller": picture("controller"),
    "cloud_relay": picture("cloud_relay"),
    "fleet": picture("fleet"),
    "fleet/book": picture("fleet/book"),
    "attract_screen": picture("attract_screen"),
    "simulator": picture("simulator", 1),
}
every_picture = pytest.mark.parametrize("package", PICTURES)


def rooms(package: str) -> set[str]:
    """The folders of a package that hold code."""
    return {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}


def arrows(drawn: str) -> set[tuple[str, str]]:
    """Every arrow of a picture, those in chains and to several rooms at once too."""
    found = set()
    for line in drawn.splitlines():
        steps = [step.strip().split(" & ") for step in line.split("-->")]
        found |= {(a, b) for left, right in pairwise(steps) for a in left for b in right}
    return found


def imports(package: str) -> set[tuple[str, str]]:
    """Which room, or module beside the rooms, imports from which, within a package."""
    found = set()
    dotted = package.replace("/", ".")
    for path in (ROOT / package).rglob("*.py"):
        here = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{dotted}."):
                within = (node.module or "").removeprefix(dotted).split(".")
                inside = within[1:2] or [alias.name for alias in node.names]
                found |= {(here, there) for there in inside if there != here}
    return found


@every_picture
def test_a_picture_has_every_room_and_no_other(package: str) -> None:
    """A room that is new or gone cannot be forgotten in it."""
    assert set(re.findall(r'\["(\w+)/<br>', PICTURES[package])) == rooms(package)
    assert set(re.findall(r'^ +(\w+)\["\1/<br>', PICTURES[package], re.MULTILINE)) == rooms(package)


@every_picture
def test_every_arrow_of_a_picture_is_an_import(package: str) -> None:
    """And every room has one."""
    drawn = arrows(PICTURES[package])

    assert drawn - imports(package) == set()
    assert {name for arrow in drawn for name in arrow} >= rooms(package)


@pytest.mark.parametrize("package", ["controller", "cloud_relay", "fleet", "attract_screen"])
def test_the_pure_rooms_are_the_green_ones(package: str) -> None:
    """By their names, as lint goes."""
    green = re.findall(r"^ +class (\S+) pure$", PICTURES[package], re.MULTILINE)

    assert set(green[0].split(",")) == rooms(package) & PURE_NAMES


@every_picture
def test_no_room_uses_another_in_a_circle(package: str) -> None:
    """As the page says."""
    left = {(here, there) for here, there in imports(package) if {here, there} <= rooms(package)}
    while ends := {there for _, there in left} - {here for here, _ in left}:
        left = {(here, there) for here, there in left if there not in ends}

    assert left == set()


def test_the_states_of_a_payment_are_the_codes() -> None:
    """Each is drawn, and no other."""
    drawn = re.search(r"stateDiagram-v2\n(.*?)```", ARCHITECTURE, re.DOTALL)
    assert drawn is not None

    assert set(re.findall(r"\b[A-Z][A-Z_]+\b", drawn[1])) == {state.name for state in PaymentState}


def test_the_glossary_has_one_meaning_for_each_word() -> None:
    """In the order of the alphabet; what stands in italics has an entry."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)[1:]
    words = [word for entry, _ in rows for word in entry.split(", ")]
    meant = [word for _, meaning in rows for word in re.findall(r"\*(.+?)\*", meaning)]

    assert [entry for entry, _ in rows] == sorted((entry for entry, _ in rows), key=str.lower)
    assert len(words) == len(set(words))
    assert [
        word for word in meant if not {word, word.removesuffix("s"), word.removesuffix("d")} & set(words)
    ] == []


def test_each_line_of_the_threats_is_shown_by_what_is_there() -> None:
    """In the last column: files, and what in each shows it."""
    rows = re.findall(
        r"^\| (?!what they try|---)(.*) \|$", (ROOT / "docs" / "threats.md").read_text(), re.MULTILINE
    )
    shown = [re.findall(r"`([\w/.-]+)`: ((?:`\w+`(?:, )?)+)", row.rpartition(" | ")[2]) for row in rows]
    assert len(rows) >= 20
    assert [row for row, names in zip(rows, shown, strict=True) if not names] == []
    missing = [
        f"{file}: {name}"
        for file, names in (each for row in shown for each in row)
        for name in re.findall(r"`(\w+)`", names)
        if not is_defined(name, ROOT / file if "/" in file else ROOT / "tests" / file)
    ]
    assert missing == []


def is_defined(name: str, file: Path) -> bool:
    """Whether a file has a test or a function of that name."""
    pattern = rf"^(?:def (?:test_)?{name}\(|{name}\(\) {{)"
    return file.exists() and re.search(pattern, file.read_text(), re.MULTILINE) is not None


def test_every_verb_on_the_contributors_page_is_one() -> None:
    """And `make` alone prints it."""
    verbs = set(re.findall(r"`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert verbs - set(re.findall(r"^ +make (\S+)", printed, re.MULTILINE)) == set()
