"""docs/cloud.md, from no account to the first credit: its commands are run, and print what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from cloud_costs import Costs
from cloud_page import COMMAND, PAGE, ran, with_costs

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(400)]


def test_page_is_what_its_commands_print() -> None:
    """The broker, the webhook, the check, the first machine, and a sale. `make docs` writes it anew."""
    page = PAGE.read_text()
    assert with_costs(ran(page)) == page


def test_commands_are_found_with_what_is_typed_into_them() -> None:
    """A text that ends with a word of its own is part of the command."""
    text = "$ cat >a <<'END'\none\n$ two\nEND\n$ echo three\nfour\n"
    assert [found[1] for found in COMMAND.finditer(text)] == ["cat >a <<'END'\none\n$ two\nEND", "echo three"]


@pytest.mark.parametrize(
    ("machines", "requests", "is_serverless"),
    [(1, 2_700 + 8_640, True), (500, 1_350_000 + 4_320_000, True), (50_000, 567_000_000, False)],
)
def test_costs_are_of_what_is_sent(machines: int, requests: int, *, is_serverless: bool) -> None:
    """Nine requests a sale, one every five minutes of each cabinet; a broker that has logins enough."""
    costs = Costs(machines)
    assert (costs.requests, costs.is_serverless) == (requests, is_serverless)


def test_what_is_free_costs_nothing() -> None:
    """One machine stays within AWS's and EMQX's free parts, but for the API's cent."""
    costs = Costs(1)
    assert (round(costs.aws, 2), costs.emqx, costs.stripe) == (0.01, 0, 108)
