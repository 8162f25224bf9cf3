"""How much one cabinet may send and write: bounded in the long run, and never in the way of an honest one."""

from __future__ import annotations

import pytest

from fleet.ingest.limits import Limits
from fleet.rules.rates import Allowance, Rate, grown, spend, whole_allowance, work

pytestmark = pytest.mark.fleet

A_SECOND = Rate(daily=86400, burst=10)


def test_what_is_spent_comes_back_with_time_and_never_beyond_the_burst() -> None:
    """A debt is paid the same way."""
    spent = spend(whole_allowance(A_SECOND, 100), A_SECOND, 12, 100)
    assert spent == Allowance(-2, 100)
    assert grown(spent, A_SECOND, 105) == Allowance(3, 105)
    assert grown(spent, A_SECOND, 1000) == Allowance(10, 1000)
    assert grown(spent, A_SECOND, 90) == Allowance(-2, 90)


def test_a_boot_is_worth_many_entries() -> None:
    """Each of them may be placed anew, and its neighbours with it."""
    assert (work(7, 0), work(7, 2)) == (7, 107)


def test_messages_are_counted_apart_from_what_they_write() -> None:
    """Saying the same for ever is bounded too, and one machine's flood is no other's."""
    limits = Limits(entries=Rate(0, 5), messages=Rate(0, 3))
    assert [limits.takes("one", 0) for _ in range(4)] == [True, True, True, False]
    limits.wrote("two", 5, 0)
    assert [limits.takes("two", 0), limits.takes("three", 0)] == [False, True]
