"""`python -m cloud_relay offers --at`: what is on sale at a minute; the README's examples, by their run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_relay.settings import read_offer_list

README = Path(__file__).parent.parent / "cloud_relay" / "README.md"
SECTION = README.read_text().partition("### Prices by the clock\n")[2].partition("\n## ")[0]
BLOCKS = [
    re.sub(r"^    ", "", block, flags=re.MULTILINE)
    for block in re.findall(r"(?:^    .*\n)+", SECTION, flags=re.MULTILINE)
]
OFFERS = next(block for block in BLOCKS if block.startswith("{"))
RUNS = [block for block in BLOCKS if block.startswith("$ python -m cloud_relay ")]


def offers(*options: str, said: str = OFFERS) -> subprocess.CompletedProcess[str]:
    """Run the command as the operator does, with nothing but OFFERS."""
    return subprocess.run(
        [sys.executable, "-m", "cloud_relay", "offers", *options],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "OFFERS": said, "PYTHONIOENCODING": "utf-8"},
    )


def test_the_readme_has_an_example_of_both() -> None:
    """What follows would pass on an empty page."""
    assert len(RUNS) == 1
    assert [period.name for period in read_offer_list({"OFFERS": OFFERS}).periods] == [
        "Christmas", "Happy hour", "3 for 2",
    ]  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_each_example_of_the_readme_prints_what_stands_there(run: str) -> None:
    """The page cannot lie."""
    command, _, printed = run.partition("\n")
    ended = offers(*command.removeprefix("$ python -m cloud_relay offers ").split())
    assert (ended.stdout, ended.stderr, ended.returncode) == (printed, "", 0)


def test_a_time_that_comes_twice_is_listed_twice() -> None:
    """Both by their distance from UTC; a time with its own is one."""
    twice = offers("--at", "2026-10-25T02:30", "--machine", "pong-03").stdout.splitlines()
    set_back = "time: clocks are set back, and show it twice"
    assert [line for line in twice if "in Europe" in line] == [
        f"Sun 2026-10-25 02:30 (UTC+0200) in Europe/Berlin, the first {set_back}",
        f"Sun 2026-10-25 02:30 (UTC+0100) in Europe/Berlin, the second {set_back}",
    ]
    once = offers("--at", "2026-10-25T02:30:00.5+01:00", "--machine", "pong-03").stdout.splitlines()
    assert once[0] == "Sun 2026-10-25 02:30 (UTC+0100) in Europe/Berlin"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            ["--at", "2027-03-28T02:30"],
            "--at is '2027-03-28T02:30': no clock in Europe/Berlin shows that, it goes from 02:00 to 03:00",
        ),
        (["--at", "noon"], "--at is 'noon': write a time such as 2026-12-24T18:30, or now"),
        (["--at", "2026-02-30"], "--at is '2026-02-30': write a time such as 2026-12-24T18:30, or now"),
        (["--at", "0001-01-01"], "--at is '0001-01-01': write a time such as 2026-12-24T18:30, or now"),
        (["--at", "now", "--machine", "a/b"], "'a/b' is no machine id: 1 to 64 of A-Z a-z 0-9 _ -"),
    ],
)  # fmt: skip
def test_a_time_that_nobody_has_is_refused(options: list[str], why: str) -> None:
    """With what would be right, and status 2."""
    ended = offers(*options)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", why + "\n", 2)


def test_all_that_is_named_is_listed_each_by_its_own_clock() -> None:
    """Machines of the list, of groups and of codes; a machine elsewhere lives in another hour."""
    said = json.loads(OFFERS)
    said["machines"]["tokyo-09"] = {"zone": "Asia/Tokyo"}
    said["periods"][1]["groups"] = ["classics", "far"]
    said["groups"]["far"] = ["tokyo-09"]
    told = offers("--at", "2026-12-23T17:59", said=json.dumps(said)).stdout.splitlines()
    assert [line for line in told if " in " in line] == [
        "Wed 2026-12-23 17:59 (UTC+0100) in Europe/Berlin",
        "Wed 2026-12-23 17:59 (UTC+0900) in Asia/Tokyo",
    ]
    then = [re.split(r"  +", line) for line in told if "  then  " in line]
    assert then == [
        ["flipper-02", "then", "2 credits €2.00", "usual prices"],
        ["galaga-01", "then", "2 credits $1.00", "Happy hour"],
        ["pong-03", "then", "2 credits $1.00", "Happy hour"],
        ["(all others)", "then", "1 credit $1.00, 3 credits $2.50", "usual prices"],
        ["tokyo-09", "then", "2 credits $1.00", "Happy hour"],
    ]


def test_the_fee_is_reckoned_of_what_periods_and_codes_sell_too() -> None:
    """A happy hour may leave less than nothing; a bonus is that of its own machines."""
    rows = [re.split(r"  +", line)[:3] for line in offers().stdout.splitlines()[1:7]]
    assert rows == [
        ["flipper-02", "2 credits", "€2.00"],
        ["(all others)", "1 credit", "$1.00"],
        ["(all others)", "3 credits", "$2.50"],
        ["Happy hour", "2 credits", "$1.00"],
        ["3 for 2, flipper-02", "3 credits", "€2.00"],
        ["Summer leaflet", "5 credits", "$3.00"],
    ]


def test_without_a_clock_there_is_one_list_for_all_hours() -> None:
    """The old form of OFFERS."""
    said = {"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}
    told = offers("--at", "2026-12-24T18:30", said=json.dumps(said)).stdout.splitlines()
    assert told == [
        "Thu 2026-12-24 18:30 (UTC+0000) in UTC",
        "machine       from  on sale         because of",
        "(all others)  then  1 credit $1.00  usual prices",
    ]
