"""A large account: how soon a new SD card sells, and tidy's minute, where Stripe's lists take their time."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import requests

from bench.measure.machine import machine
from bench.measure.spread import Spread, spread
from bench.world.sales import buy, selling_chain, sells, wait
from cloud_relay.relay import Relay, relay_from
from cloud_relay.rules.tokens import TokenBook, relay_tag
from cloud_relay.settings import read_settings
from simulator.chain.chain import Chain, Wiring, wait_for_relay
from simulator.chain.phone import phone
from simulator.stripe.delivery import Delivery
from simulator.stripe.pace import STRIPES_RETRIES, Pace

TITLE = "Catch-up of cabinets, and tidy, on a large account at 1 s a page"
SELLS_WITHIN_S, SELLS_TARGET_S, CATCH_UP_TARGET_S, TIDY_TARGET_S = 10, 5, 5, 5
PAGE_S = 1.0
EIGHT_DAYS_S = 8 * 24 * 3600
CABINETS = 20
# Stripe's client gives a page up after six seconds; a cabinet waits for its answer for half a minute.
ANSWER_WITHIN_S = 30.0
_EVENT = "payment_intent.amount_capturable_updated"


def run(*, quick: bool) -> None:
    """On the whole chain; what was read before is read without the wait, which is reckoned for each page."""
    payments, rounds = (5_000, 1) if quick else (100_000, 5)
    with selling_chain(Wiring(pace=Pace(STRIPES_RETRIES, list_page_s=0.0))) as chain:
        tag = relay_tag(chain.secrets.relay_secret)
        chain.stripe.seed_payments(
            payments, over_s=EIGHT_DAYS_S, metadata={"machine_id": "another-cabinet", "relay": tag}
        )
        print(f"On {machine()}; {payments:,} payments in eight days.")
        relay = relay_from(read_settings(chain.relay_environment))
        print(_before(chain, relay))
        chain.stripe.faults.page_takes_s = PAGE_S
        chain.relay.restart()  # its long tidy begins anew, and reads a thousand pages beside all that follows
        wait_for_relay(chain.relay, int(chain.relay_url.rpartition(":")[2]))
        print(_tidys_minute(chain, relay))
        _new_cards(chain, rounds)
        _together(chain)
        relay.publisher.close()


def _before(chain: Chain, relay: Relay) -> str:
    """What each of these once read: all that can be open."""
    pages, took_s = _reads(chain, lambda: sum(len(page) for page in relay.book.all_pages()))
    return f"before, the list of eight days each time: {pages} pages, {pages * PAGE_S + took_s:.0f} s"


def _tidys_minute(chain: Chain, relay: Relay) -> str:
    """The list that it reads each minute; the hourly one is read beside it, as on a relay that has begun."""
    _, took_s = _reads(chain, relay.book.recent)
    return f"tidy's minute: {took_s:.1f} s (target: under {TIDY_TARGET_S} s)"


def _new_cards(chain: Chain, rounds: int) -> None:
    """The cabinet's card is replaced: from its power to a door that sells."""
    measured = [_new_card_ms(chain) for _ in range(rounds)]
    asked, sold = (spread(times_ms) for times_ms in zip(*measured, strict=True))
    print(f"its catch-up: {_in_seconds(asked)} (target: under {CATCH_UP_TARGET_S} s)")
    print(
        f"a new SD card sells after: {_in_seconds(sold)} "
        f"(target: under {SELLS_TARGET_S} s, and never over {SELLS_WITHIN_S} s)"
    )


def _in_seconds(found: Spread) -> str:
    return f"median {found.median_ms / 1000:.1f} s, worst {found.worst_ms / 1000:.1f} s"


def _new_card_ms(chain: Chain) -> tuple[float, float]:
    """How long the cabinet waited for the relay's answer, and how long it was until it sold."""
    chain.controller.stop()
    shutil.rmtree(chain.folder / "state")
    wait(lambda: not sells(chain), "the door to close")
    time.sleep(5.0)  # an answer that was read before is not shared any more
    said, began_s = len(chain.controller.log_lines), time.monotonic()
    chain.controller.start()
    wait(lambda: sells(chain), "the door to sell", 2 * ANSWER_WITHIN_S)
    sold_ms = (time.monotonic() - began_s) * 1000
    asked, answered = (
        chain.controller.wait_for_line(words, since=said).at_s
        for words in ("asked the relay for open payments", "open payments received")
    )
    return (answered - asked) * 1000, sold_ms


def _together(chain: Chain) -> None:
    """Twenty cabinets ask at once; meanwhile phones look at the door, and somebody pays."""
    alone = spread([_door_ms(chain) for _ in range(50)])
    time.sleep(5.0)
    with _door_times_ms(chain) as doors_ms:
        pages, took_s = _reads(chain, lambda: _all_ask(chain, lambda: buy(chain, 1)))
    meanwhile, webhooks = spread(doors_ms), _webhook_ms(chain)
    print(
        f"{CABINETS} cabinets that ask together: all answered in one go within {took_s:.1f} s; "
        f"{pages} pages were read meanwhile, the hourly list's among them"
    )
    print(
        f"door: median {alone.median_ms:.1f} ms alone, {meanwhile.median_ms:.1f} ms meanwhile (worst "
        f"{meanwhile.worst_ms:.0f} ms of {meanwhile.count}); a webhook meanwhile: {webhooks:.1f} ms"
    )


def _all_ask(chain: Chain, meanwhile: Callable[[], object]) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda name=f"cabinet-{number}": answers.append(_ask(chain, name)))
        for number in range(CABINETS)
    ]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()
    if answers != [200] * CABINETS:
        raise RuntimeError(f"{CABINETS} cabinets asked together, and were answered {sorted(answers)}")


def _ask(chain: Chain, machine_id: str) -> int:
    token = TokenBook(chain.secrets.relay_secret, {}).issue(machine_id)
    bearer = {"Authorization": f"Bearer {token}"}
    url = f"{chain.relay_url}/machines/{machine_id}/payments"
    return requests.get(url, headers=bearer, timeout=ANSWER_WITHIN_S).status_code


@contextmanager
def _door_times_ms(chain: Chain) -> Iterator[list[float]]:
    """What the door takes, asked again and again while the context is open."""
    found: list[float] = []
    ending = threading.Event()

    def look() -> None:
        for _ in count():
            found.append(_door_ms(chain))
            if ending.wait(0.02):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ending.set()
        thread.join()


# Each look is another phone's: one that looked so often would be limited.
_PHONES = count(1)


def _door_ms(chain: Chain) -> float:
    with phone(next(_PHONES)) as session:
        began_s = time.perf_counter()
        session.get(chain.door, timeout=ANSWER_WITHIN_S).raise_for_status()
        return (time.perf_counter() - began_s) * 1000


def _webhook_ms(chain: Chain) -> float:
    def delivered() -> list[Delivery]:
        return [each for each in chain.stripe.webhooks.log if each.event_type == _EVENT]

    wait(delivered, "the webhook")
    return (delivered()[-1].answered_at_s - delivered()[-1].sent_at_s) * 1000


def _reads(chain: Chain, act: Callable[[], object]) -> tuple[int, float]:
    """How many pages were listed meanwhile, and how long it took."""
    listed, began_s = _listed(chain), time.monotonic()
    act()
    return _listed(chain) - listed, time.monotonic() - began_s


def _listed(chain: Chain) -> int:
    return chain.stripe.reads.counts.get(("list", "payment_intents"), 0)
