"""EDGE. Breaks the chain, kind by kind, and mends it again."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.chain import Chain
from simulator.chain.part import Part
from simulator.chain.proxy import Link, State
from simulator.chaos.crash_loop import CrashLoop
from simulator.chaos.kill_loop import KillLoop
from simulator.chaos.players import sells
from simulator.chaos.rules.evidence import Struck
from simulator.chaos.rules.schedule import FLEET, KINDS
from simulator.chaos.wrong_clock import ClockFile
from simulator.stripe.faults import Failure
from simulator.stripe.model.permissions import Permissions

# Above the small file that the screen reads, below the ledger's log: what a full disk refuses, and not more.
FILE_BYTES_WHEN_FULL = 4096
# A call without an answer is held longer than the relay waits for it.
SILENCE_S = 7.0
WEBHOOK_COPIES = 3
# Within a window, and beyond the five minutes in which a signature of Stripe's is believed.
CLOCK_STEPS_S = {"a minute": 60.0, "ten minutes": 600.0}
# Under the relay's own time-out, so that a list comes, late.
SLOW_PAGE_S = 4.0
REVOKED = json.dumps({MACHINE_ID: 2})
MANY = 1_000_000
LINK_FAULTS: dict[str, State] = {"cut": "cut", "delayed": "held", "slowed": "slow"}

Mend = Callable[[], object]
Break = Callable[[], Mend | None]

log = logging.getLogger(__name__)


class Breaker:
    """Begins faults and ends them; of two faults of one target, the second ends the first."""

    def __init__(self, chain: Chain, links: dict[str, Link], relays_clock: ClockFile, fleet: Part) -> None:
        self._chain = chain
        self._fleet = fleet
        self._links = links
        self._relays_clock = relays_clock
        self._begun: dict[str, tuple[str, float, Mend]] = {}
        self.struck: list[Struck] = []
        self.doors_left_open = 0
        self._breaks = self._table()

    @property
    def active(self) -> bool:
        """Whether something is broken just now that a sale may depend on: never on the fleet."""
        return bool(set(self._begun) - {FLEET})

    def begin(self, kind: str) -> bool:
        """Break something; False if it is not there just now: a process that is being restarted."""
        target = KINDS[kind].target
        self.end(target)
        from_s, mend = time.time(), self._breaks[kind]()
        if mend is None:
            return False
        self._begun[target] = (kind, from_s, mend)
        log.info("begins: %s", kind)
        return True

    def end(self, target: str) -> None:
        """Mend what is broken there, if anything is."""
        if target in self._begun:
            kind, from_s, mend = self._begun[target]
            mend()
            del self._begun[target]
            self.struck.append(Struck(kind, from_s, time.time()))
            log.info("ended: %s", kind)

    def _table(self) -> dict[str, Break]:
        chain, webhooks = self._chain, self._chain.stripe.webhooks
        table: dict[str, Break] = {
            "controller killed": lambda: _kill(_pid(chain.controller)),
            "controller stopped": lambda: _stop(_pid(chain.controller)),
            "coin line killed": lambda: _kill(coin_line_pid(_pid(chain.controller))),
            "coin line stopped": lambda: _stop(coin_line_pid(_pid(chain.controller))),
            "relay killed": lambda: _kill(_pid(chain.relay)),
            "relay stopped": lambda: _stop(_pid(chain.relay)),
            "broker restarted": lambda: self._broker_down(chain.broker.stop),
            "broker killed": lambda: self._broker_down(chain.broker.kill),
            "broker's sessions lost": lambda: self._broker_down(self._lose_broker_store),
            "webhooks repeated": lambda: _do(
                lambda: webhooks.deliver_copies(WEBHOOK_COPIES), lambda: webhooks.deliver_copies(1)
            ),
            "webhooks delayed": lambda: _do(webhooks.hold_back, webhooks.let_go),
            "webhooks reordered": lambda: _do(webhooks.hold_back, lambda: webhooks.let_go(newest_first=True)),
            "Stripe answers 429": lambda: self._stripe_fails(429),
            "Stripe answers 500": lambda: self._stripe_fails(500),
            "Stripe answers 500 after the work": lambda: self._stripe_fails(500, after_work=True),
            "Stripe is silent": lambda: self._stripe_fails("timeout"),
            "Stripe is silent after the work": lambda: self._stripe_fails("timeout", after_work=True),
            "Stripe's lists are slow": lambda: _do(
                partial(self._slow_pages, SLOW_PAGE_S), partial(self._slow_pages, 0.0)
            ),
            "key may not read charges": lambda: self._key_may_only({"charge": "none"}),
            "key may not write payments": lambda: self._key_may_only({"payment_intent": "read"}),
            "token revoked": self._revoke_token,
            "broker crashes six times": self._crash_broker,
            "broker away until late": lambda: self._broker_down(chain.broker.stop),
            "disk full": lambda: _fill_disk(_pid(chain.controller)),
            "coin wire cut": self._cut_coin_wire,
            "board jammed": self._jam_board,
            "board jammed for good": self._jam_board,
            "fleet killed": self._kill_fleet,
        }
        for words, off_s in CLOCK_STEPS_S.items():
            table[f"relay's clock {words} ahead"] = partial(self._step_clock, off_s)
            table[f"relay's clock {words} behind"] = partial(self._step_clock, -off_s)
        for name, link in self._links.items():
            for word, state in LINK_FAULTS.items():
                table[f"{name} {word}"] = partial(_break_link, link, state)
        return table

    def _jam_board(self) -> Mend:
        board = self._chain.board
        return _do(lambda: board.set_ready(False), lambda: board.set_ready(True))

    def _cut_coin_wire(self) -> Mend:
        board = self._chain.board
        return _do(lambda: board.break_coin_wire(True), lambda: board.break_coin_wire(False))

    def _step_clock(self, off_s: float) -> Mend:
        return _do(partial(self._relays_clock.set, off_s), partial(self._relays_clock.set, 0.0))

    def _slow_pages(self, more_s: float) -> None:
        self._chain.stripe.faults.page_takes_s = more_s

    def _key_may_only(self, permissions: Permissions) -> Mend:
        keys, key = self._chain.stripe.api_keys, self._chain.secrets.stripe_key
        return _do(lambda: keys.allow(key, permissions), lambda: keys.allow(key))

    def _revoke_token(self) -> Mend:
        self._restart_relay(MIN_TOKEN_NUMBERS=REVOKED)
        return self._accept_token

    def _accept_token(self) -> None:
        if sells(self._chain.door):
            self.doors_left_open += 1
            log.error("the door sells though the relay refuses the machine's token")
        self._restart_relay(MIN_TOKEN_NUMBERS="")

    def _restart_relay(self, **changes: str) -> None:
        self._chain.relay.change_environment(**changes)
        self._chain.relay.restart()

    def _crash_broker(self) -> Mend:
        loop = CrashLoop(self._chain.broker)
        return _do(loop.begin, loop.end)

    def _kill_fleet(self) -> Mend:
        loop = KillLoop(self._fleet)
        return _do(loop.begin, loop.end)

    def _broker_down(self, take_down: Callable[[], None]) -> Mend:
        return _do(take_down, self._chain.broker.start)

    def _lose_broker_store(self) -> None:
        broker = self._chain.broker
        broker.stop()
        (broker.folder / "store" / "mosquitto.db").unlink(missing_ok=True)

    def _stripe_fails(self, status: Failure, *, after_work: bool = False) -> Mend:
        # Only what concerns payments: the door goes on selling, so that there is something to hit.
        stripe = self._chain.stripe
        hold_s = SILENCE_S if status == "timeout" else 0.0
        return _do(
            lambda: stripe.fail_next(
                MANY,
                status=status,
                path_prefix="/v1/payment_intents",
                after_work=after_work,
                hold_s=hold_s,
            ),
            stripe.faults.forget,
        )


def coin_line_pid(controller_pid: int | None) -> int | None:
    """The process that owns the coin pin; None where the controller has none just now."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            # The name is in brackets and may contain spaces; state and parent follow it.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == controller_pid:
                return int(stat.parent.name)
    return None


def _pid(part: Part) -> int | None:
    return part.pid if part.exit_status is None else None


def _break_link(link: Link, state: State) -> Mend:
    link.become(state)
    return partial(link.become, "whole")


def _do(act: Callable[[], None], mend: Mend) -> Mend:
    act()
    return mend


def _kill(pid: int | None) -> Mend | None:
    return (lambda: None) if _signal(pid, signal.SIGKILL) else None


def _stop(pid: int | None) -> Mend | None:
    return partial(_signal, pid, signal.SIGCONT) if _signal(pid, signal.SIGSTOP) else None


def _signal(pid: int | None, number: signal.Signals) -> bool:
    """Whether the process was there to be signalled."""
    with suppress(ProcessLookupError):
        if pid is not None:
            os.kill(pid, number)
            return True
    return False


def _fill_disk(pid: int | None) -> Mend | None:
    """Have the kernel refuse what the process writes after the first bytes of a file, as on a full disk."""
    return partial(_limit_files, pid, None) if _limit_files(pid, FILE_BYTES_WHEN_FULL) else None


def _limit_files(pid: int | None, most_bytes: int | None) -> bool:
    """Whether the process was there to be limited; `most_bytes` None takes the limit away."""
    with suppress(ProcessLookupError):
        if pid is not None:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if most_bytes is None else most_bytes, hard))
            return True
    return False
