"""docs/how-it-works.md: the messages of a real sale, and exercises that can be begun."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from how_it_works import PAGE, WEBHOOK_SECRET, filled, pieces, places  # noqa: E402 - the tools are no package
from recorded_sale import recorded_sale  # noqa: E402
from stable_words import sign  # noqa: E402

TEXT = PAGE.read_text()
EXERCISE = re.compile(r"Save as `tests/(test_\w+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)
EXERCISES = dict(EXERCISE.findall(TEXT))
# How each test fails as long as the exercise is not done: for want of what it asks for, and of nothing else.
NOT_DONE = {
    "test_my_price.py": {"test_ten_credits_cost_seven_dollars": "the door has no such offer"},
    "test_my_refusal.py": {
        "test_a_closed_machine_says_why_and_sells_nothing": "(False, True) == (True, False)"
    },
    "test_my_board.py": {
        "test_the_schools_board_counts_what_was_paid": "KeyError: 'school'",
        "test_the_schools_board_takes_no_usual_coin": "KeyError: 'school'",
    },
    "test_my_effect.py": {"test_a_game_over_is_a_line_in_the_file": "waited 5 s for the file"},
    "test_my_rule.py": {
        "test_the_third_game_over_gives_a_credit_that_nobody_pays": "[[], [], []] == [[], [], [(1",
    },
}


def test_the_messages_on_the_page_are_those_of_a_sale() -> None:
    """Of a run through the real chain; after a change `make docs` writes them anew."""
    told = pieces(recorded_sale())

    assert sorted(places(TEXT)) == sorted(told)
    assert filled(TEXT, told) == TEXT


def block(name: str) -> str:
    """The code at a place of the page."""
    found = re.search(rf"<!-- run: {name} -->\n```\w+\n(.*?)\n```\n<!-- /run -->", TEXT, re.DOTALL)
    assert found is not None, name
    return found[1]


def test_a_reader_can_make_the_signature_of_the_coin_pulse() -> None:
    """The program on the page prints what the message above it has as `sig`."""
    printed = subprocess.run(
        [sys.executable, "-c", block("check-signature")], capture_output=True, text=True, check=True
    )

    assert f"sig      {printed.stdout}" in block("coinpulse")


def test_the_webhook_on_the_page_is_signed() -> None:
    """By the secret that stands on the page, over the time and the body that stand there."""
    head, body = block("webhook").split("\n\n", 1)
    at_s, signature = re.findall(r"t=(\d+),v1=(\w+)", head)[0]

    assert WEBHOOK_SECRET in block("secrets")
    assert signature == sign(WEBHOOK_SECRET, f"{at_s}.{body}")


def test_there_are_five_exercises_each_with_its_test() -> None:
    """From small to large."""
    assert list(EXERCISES) == list(NOT_DONE)
    assert TEXT.count("### Exercise ") == len(NOT_DONE)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the exercises as they stand, without those that somebody does here."""
    folder = tmp_path_factory.mktemp("exercises")
    for name, text in EXERCISES.items():
        if not (ROOT / "tests" / name).exists():
            (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "-rf"]
    done = subprocess.run(
        [*command, "--rootdir", folder, "-c", ROOT / "pyproject.toml", folder],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/sbin", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "COLUMNS": "300"},
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_fails_for_want_of_what_it_asks_for(name: str, begun: str) -> None:
    """Never because its test leans on something that has been renamed."""
    if (ROOT / "tests" / name).exists():
        pytest.skip("somebody does this exercise here")
    failed = dict(re.findall(rf"^FAILED .*{name}::(\w+) - (.*)$", begun, re.MULTILINE))

    assert set(failed) == set(NOT_DONE[name]), begun
    for test, why in NOT_DONE[name].items():
        assert why in failed[test], begun


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_in_the_projects_style(name: str) -> None:
    """Who saves it as it stands has no complaint of `make lint`."""
    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, "-", "--stdin-filename", f"tests/{name}"]
        done = subprocess.run(
            command, input=EXERCISES[name], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
