"""One sale through the whole chain, as a time line: `python -m simulator demo-once`."""

from __future__ import annotations

import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import requests

from controller.system.clock import since_boot_s
from simulator.chain.broker import BrokerFailed
from simulator.chain.cabinet import COIN_METER, COIN_METER_PIN, COIN_PIN
from simulator.chain.chain import Chain, running_chain
from simulator.chain.part import PartFailedError
from simulator.stripe.delivery import Delivery

CREDITS, AMOUNT = 3, 250
COUNTS = 0  # the level of the coin meter's contact to ground while it counts
# A Pi is slow, and an emulated one slower by far.
EACH_STEP_WITHIN_S = 120.0


@dataclass(frozen=True)
class Step:
    """One line of the time line; `at_s` in Unix seconds."""

    name: str
    at_s: float
    what: str


def demo_once() -> int:
    """Buy 3 credits at the door, play, end the game; 0 only if board and Stripe agree on all of it."""
    # As Ctrl-C does, a kill or a closed terminal ends everything that was started.
    asked: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return _sell_once()
    except KeyboardInterrupt:
        print("Ended before the sale was over.", file=sys.stderr)
        return 128 + asked[0]  # what a shell says of such an end
    except (BrokerFailed, PartFailedError, requests.RequestException) as why:
        print(f"The sale failed: {why}", file=sys.stderr)
    return 1


def _sell_once() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="arcade-demo-") as folder,
        running_chain(Path(folder), coin_meter=COIN_METER) as chain,
    ):
        _wait(lambda: "3-250-usd" in _door(chain), "the door to sell")
        payment_id = _buy(chain)
        chain.controller.wait_for_line(f"{payment_id}: receipt answered")
        _play(chain)
        _wait(lambda: chain.observer.on("gameover"), "game over to be published")
        steps = time_line(chain, payment_id)
        _print(steps)
        return _verdict(chain)


def time_line(chain: Chain, payment_id: str) -> list[Step]:
    """What happened to the payment, in the order in which it must happen."""
    reserved = _delivery(chain, "payment_intent.amount_capturable_updated")
    captured = _delivery(chain, "payment_intent.succeeded")
    published = chain.observer.on("coinpulse")[0]
    edges = [_wall_s(edge.at_s) for edge in chain.board.edges_of(COIN_PIN)]
    counts = [_wall_s(e.at_s) for e in chain.board.edges_of(COIN_METER_PIN) if e.level == COUNTS]
    line = chain.controller.wait_for_line
    return [
        Step("reserved", reserved.happened_at_s, f"$2.50 held on the card, {payment_id}"),
        Step("webhook", reserved.sent_at_s, "Stripe's signed word reaches the relay"),
        Step("published", published.at_s, "the broker has the coin pulse"),
        Step("received", line(f"{payment_id}: received").at_s, "written to the ledger, then acknowledged"),
        Step("first edge", edges[0], "the coin line rises"),
        Step("last edge", edges[-1], f"the coin line rests after {len(edges) // 2} pulses"),
        Step("counted", counts[-1], f"{len(counts)} coins, by the board's own coin meter"),
        Step("receipt", line(f"{payment_id}: delivered").at_s, "the cabinet reports what it delivered"),
        Step("captured", captured.happened_at_s, "$2.50 charged"),
        Step("game over", chain.observer.on("gameover")[0].at_s, "the board said so, and everybody knows"),
    ]


def _buy(chain: Chain) -> str:
    """What a player does: the 3-credit button at the door, then Pay; gives the payment's id."""
    button = re.search(rf'value="({CREDITS}-[^"]+)"', _door(chain))
    if button is None:
        raise PartFailedError(f"the door has no button for {CREDITS} credits")
    sold = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=EACH_STEP_WITHIN_S)
    sold.raise_for_status()
    return chain.stripe.pay(sold.headers["Location"])


def _play(chain: Chain) -> None:
    chain.board.press_start()
    chain.board.end_game()


def _verdict(chain: Chain) -> int:
    coins, money = chain.board.view().coins, chain.stripe.money()
    right = coins == CREDITS and money == {"reserved": 0, "charged": AMOUNT, "released": 0, "refunded": 0}
    print(chain.stripe.reads_in_words())
    amounts = ", ".join(f"{cents / 100:.2f} {what}" for what, cents in money.items())
    print(
        f"The board counted {coins} of {CREDITS} credits; Stripe: {amounts}: {'right' if right else 'WRONG'}"
    )
    return 0 if right else 1


def _print(steps: list[Step]) -> None:
    start_s = steps[0].at_s
    for step in steps:
        print(f"{(step.at_s - start_s) * 1000:9.1f} ms  {step.name:<11} {step.what}")


def _door(chain: Chain) -> str:
    return requests.get(chain.door, timeout=EACH_STEP_WITHIN_S).text


def _delivery(chain: Chain, event_type: str) -> Delivery:
    _wait(lambda: any(d.event_type == event_type for d in chain.stripe.webhooks.log), event_type)
    return next(d for d in chain.stripe.webhooks.log if d.event_type == event_type)


def _wall_s(since_boot: float) -> float:
    return since_boot + time.time() - since_boot_s()


def _wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + EACH_STEP_WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise PartFailedError(f"waited {EACH_STEP_WITHIN_S:g} s for {what}")
        time.sleep(0.01)
