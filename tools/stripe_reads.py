"""Writes what a relay reads at Stripe into docs/stripe-reads.md: `make docs`.

Counted while simulated hours pass; the page has a place for each table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from counted_reads import (
    CREDITED_AFTER_S,
    HOUR_S,
    PAYING_TAKES_S,
    CountedRelay,
    Reads,
    counted_relay,
)
from how_it_works import filled

from simulator.stripe.model.reads import LEAST_READS_A_MONTH, READS_PER_TRANSACTION

PAGE = Path(__file__).parent.parent / "docs" / "stripe-reads.md"
HOURS_A_MONTH, DAYS_A_MONTH = 30 * 24, 30
# The hourly list has what was made in the last eight days, a hundred to a page.
LONG_LIST_HOURS, PAGE_OF = 8 * 24, 100
FLEETS = (1, 50, 500)
MACHINE = "galaga-01"

Step = tuple[str, Reads, str]


def main() -> None:
    """Count, and write the tables into the page."""
    PAGE.write_text(filled(PAGE.read_text(), tables()))
    print(f"Wrote what is read at Stripe into {PAGE.name}.")


def tables(busy_fleets: Sequence[int] = FLEETS) -> dict[str, str]:
    """What stands at each place of the page, by its name; a busy hour of 500 machines takes a minute."""
    with counted_relay() as relay:
        _, hour = relay.counted(lambda: relay.pass_time(HOUR_S))
        sale, boots = _sale(relay, hour), _boots(relay)
    busy = [(machines, _busy_hour(machines)) for machines in busy_fleets]
    return {
        "steps": _steps(sale + boots),
        "rest": _rest_in_words(hour),
        "sale": _sale_in_words(sum((reads for _, reads, _ in sale), Reads())),
        "rest-fleets": _rest_of_fleets(hour, boots[0][1]),
        "busy-fleets": _busy_fleets(busy),
    }


def _sale(relay: CountedRelay, hour: Reads) -> list[Step]:
    """One sale after hours of rest, step by step; `hour` is what an hour at rest reads."""
    button, door = relay.counted(lambda: relay.open_door(MACHINE))
    page, bought = relay.counted(lambda: relay.buy(MACHINE, button))
    _, paying = relay.counted(lambda: relay.pass_time(PAYING_TAKES_S))
    payment_id, paid = relay.counted(lambda: relay.pay(page))
    receipts: list[Reads] = []
    relay.later(CREDITED_AFTER_S, lambda: receipts.append(_receipt(relay, payment_id)))
    _, first = relay.counted(lambda: relay.look_after_paying(page))
    _, waiting = relay.counted(lambda: relay.pass_time(PAYING_TAKES_S))
    _, after = relay.counted(lambda: relay.pass_time(HOUR_S - 2 * PAYING_TAKES_S))
    single = Reads(retrieve=waiting["retrieve"])
    looks, tidy = first + single - receipts[0], paying + waiting - single + after - hour
    return [
        ("a player opens the door", door, "the machine's status comes from the broker"),
        ("presses a button", bought, "a Checkout Session is made, which is no read"),
        ("pays, and the webhook comes", paid, "it says all that is needed"),
        (
            "looks at the page after paying",
            looks,
            "at once, after 1.5 s, and ever more slowly until it is there",
        ),
        ("the cabinet's receipt is settled", receipts[0], "the payment as it stands; the capture is no read"),
        (
            "tidy looks for what got lost",
            tidy,
            "for as long as somebody may pay, beyond what it reads at rest",
        ),
    ]


def _receipt(relay: CountedRelay, payment_id: str) -> Reads:
    return relay.counted(lambda: relay.report(MACHINE, payment_id))[1]


def _boots(relay: CountedRelay) -> list[Step]:
    _, one = relay.counted(lambda: relay.boot(MACHINE))
    relay.pass_time(60)
    _, many = relay.counted(lambda: [relay.boot(f"galaga-{number}") for number in range(20)])
    return [
        ("a cabinet boots", one, "also with a new card, or when the broker has lost its session"),
        ("twenty boot within five seconds", many, "all of them are answered from one list"),
    ]


def _busy_hour(machines: int) -> Reads:
    with counted_relay() as relay:
        return relay.counted(lambda: relay.sell_evenly(machines, HOUR_S))[1]


def _steps(steps: Sequence[Step]) -> str:
    return _table(
        ("what happens", "pages of a list", "single reads", ""),
        [(words, _number(_pages(reads)), _number(reads["retrieve"]), why) for words, reads, why in steps],
    )


def _rest_in_words(hour: Reads) -> str:
    return _wrapped(
        f"**At rest** a relay reads {hour.total()} pages an hour: {hour.total() * HOURS_A_MONTH:,} in "
        f"30 days, of the {LEAST_READS_A_MONTH:,} that every account has."
    )


def _sale_in_words(sale: Reads) -> str:
    return _wrapped(
        f"**A sale** that comes alone, after hours of rest, reads {sale.total()} times more, and "
        f"{LONG_LIST_HOURS / PAGE_OF:.1f} in the days after it (a hundredth of a page of the long list, "
        f"{LONG_LIST_HOURS} times): of the {READS_PER_TRANSACTION} that it adds to the ration."
    )


def _rest_of_fleets(hour: Reads, boot: Reads) -> str:
    rest = hour.total() * HOURS_A_MONTH
    rows = [(machines, machines * boot.total() * DAYS_A_MONTH) for machines in FLEETS]
    return _table(
        (
            "machines",
            "at rest, 30 days",
            "each switched on once a day",
            "together",
            "sales that give the ration",
        ),
        [
            (f"{machines}", f"{rest:,}", f"{boots:,}", f"{rest + boots:,}", _sales_needed(rest + boots))
            for machines, boots in rows
        ],
    )


def _sales_needed(reads: int) -> str:
    """How many sales in 30 days pay for so many reads: none, where the least ration does."""
    return "0" if reads <= LEAST_READS_A_MONTH else f"{-(-reads // READS_PER_TRANSACTION)}"


def _busy_fleets(busy: Sequence[tuple[int, Reads]]) -> str:
    return _table(
        ("machines", "pages of lists", "single reads", "together", "for each sale", "ration of these sales"),
        [
            (
                f"{machines}",
                f"{_pages(reads):,}",
                f"{reads['retrieve']:,}",
                f"{reads.total():,}",
                f"{reads.total() / machines:.1f}",
                f"{READS_PER_TRANSACTION * machines:,}",
            )
            for machines, reads in busy
        ],
    )


def _wrapped(words: str) -> str:
    return textwrap.fill(words, 100)


def _pages(reads: Reads) -> int:
    """Pages of lists, and of searches, which are read alike."""
    return reads["list"] + reads["search"]


def _number(count: int) -> str:
    return f"{count}" if count else "none"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
