"""One run of chaos, from the first player to the verdict: `python -m simulator chaos`."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.board.model.board_profiles import JAMMA
from simulator.board.technician import faults_cleared
from simulator.chain.broker import BrokerFailed
from simulator.chain.cabinet import COIN_METER
from simulator.chain.chain import Chain, Wiring, running_chain
from simulator.chain.fleet import RunningFleet, running_fleet
from simulator.chain.folder import DemoError, fresh_folder
from simulator.chain.part import PartFailedError
from simulator.chain.proxy import Link
from simulator.chain.supervisor import Supervisor
from simulator.chaos.books import (
    journal_of,
    ledger_file,
    ledger_pulses,
    stripe_payments,
    unfinished,
    wire_pulses,
)
from simulator.chaos.faults import Breaker
from simulator.chaos.neighbour import Neighbour, hall_next_door
from simulator.chaos.players import Players, sells
from simulator.chaos.rest import REST_WITHIN_S, is_at_rest, repeats_hours_later, tidy_days_later
from simulator.chaos.rules.evidence import Books, NextDoor, Payment
from simulator.chaos.rules.report import Crowd, table
from simulator.chaos.rules.schedule import KILLS_OF_THE_CABINET, KINDS, WITHOUT_METER, Schedule, draw
from simulator.chaos.rules.strikes import Strikes
from simulator.chaos.rules.verdict import Verdict, judge
from simulator.chaos.watch import Watch
from simulator.chaos.wrong_clock import ClockFile, command
from simulator.stripe.pace import STRIPES_PACE

# Many sales in ten minutes, and each of Stripe's repeats comes far beyond it: its own times are kept.
WINDOW_S, TIDY_EVERY_S = 60, 5
PACE = STRIPES_PACE
STEP_S = 0.02
OPENS_WITHIN_S = 60.0
COUNTS_WITHIN_S = 1.0
WRITTEN_WITHIN_S, WRITTEN_LOOK_S = 60.0, 0.2
# A process that is stopped or killed inside a pulse holds it until it goes on or comes back. A board that
# took this for a stuck coin would count nothing from then on, and hide what the cabinet does.
PATIENT = replace(JAMMA, name="patient", max_pulse_ms=60_000)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a run came to: the verdict, the crowd at the door, and what was read at Stripe."""

    verdict: Verdict
    crowd: Crowd
    reads: str


def chaos(folder: Path, minutes: float, seed: int, *, calm: bool, meter: bool) -> int:
    """Run chaos and print its table; 0 only if no payment went wrong. Every log is left in `folder`."""
    everything = tuple(KINDS) if meter else WITHOUT_METER
    kinds = () if calm else everything
    try:
        with fresh_folder(folder, "chaos") as ours:
            logging.basicConfig(
                filename=ours / "chaos.log", level=logging.INFO, format="%(asctime)s %(name)s: %(message)s"
            )
            outcome = run_chaos(ours, draw(seed, minutes * 60, kinds), meter=meter)
    except (DemoError, BrokerFailed, PartFailedError, OSError) as why:
        print(f"chaos did not run: {why}", file=sys.stderr)
        return 1
    failures = outcome.verdict.calm_failures if calm else outcome.verdict.failures
    print(f"{minutes:g} minutes of {'calm' if calm else 'chaos'}, seed {seed}")
    print(table(outcome.verdict, outcome.crowd))
    print(outcome.reads)
    print("\n".join([f"FAILED: {words}" for words in failures] or ["passed"]))
    return 1 if failures else 0


def run_chaos(
    folder: Path, schedule: Schedule, *, meter: bool = False, least_paid: int = 0, least_next_door: int = 0
) -> Outcome:
    """Play a schedule on a chain of its own in `folder`, heal everything, and judge the chain at rest.

    With `meter` the board's coin meter is wired. Where the schedule is over before so many have paid, here
    and next door, more players come: how often a door is open in a short time is up to the machine's speed.

    Raises:
        PartFailedError: the chain did not begin to sell.
    """
    settings = {"CREDIT_WINDOW_S": str(WINDOW_S), "TIDY_EVERY_S": str(TIDY_EVERY_S)}
    with ExitStack() as stack:
        links: dict[str, Link] = {}

        def via(name: str, port: int) -> int:
            links[name] = stack.enter_context(Link(port))
            return links[name].port

        clock_file = folder / "relays-clock"
        folder.mkdir(parents=True, exist_ok=True)
        relays_clock, inside = ClockFile(clock_file), command(clock_file)
        wiring = Wiring(via, settings, PATIENT, relay_inside=inside, pace=PACE)
        coin_meter = COIN_METER if meter else None
        chain = stack.enter_context(running_chain(folder, wiring=wiring, coin_meter=coin_meter))
        neighbour = stack.enter_context(hall_next_door(folder / "next-door", chain, settings))
        fleet = stack.enter_context(running_fleet(chain.broker, folder / "book.sqlite"))
        breaker = Breaker(chain, links, relays_clock, fleet.part)
        return _Run(chain, neighbour, fleet, breaker, schedule, (least_paid, least_next_door)).play()


class _Run:
    def __init__(
        self,
        chain: Chain,
        neighbour: Neighbour,
        fleet: RunningFleet,
        breaker: Breaker,
        schedule: Schedule,
        least: tuple[int, int],
    ) -> None:
        self._chain = chain
        self._fleet = fleet
        self._neighbour = neighbour
        self._schedule = schedule
        self._least = least
        self._breaker = breaker
        self._players = Players(chain, neighbour.door)
        self._strikes = Strikes(schedule.faults, self._breaker, self._somebody_has_paid)
        self._technician_is_due = False
        self._supervisor = Supervisor(
            [chain.relay, chain.controller, fleet.part], lambda line: log.info("%s", line)
        )

    def play(self) -> Outcome:
        with Watch(lambda: self._breaker.active, lambda: sells(self._chain.door)) as watch:
            self._wait_until_it_sells(watch)
            self._under_fire()
            self._players.wait_until_all_left()
            self._rest(watch)
        repeats_hours_later(self._chain)
        for environment in (self._chain.relay_environment, self._neighbour.environment):
            for tidied in tidy_days_later(self._chain, environment):
                log.info("days later: %s %s, %s", tidied.payment.payment_id, tidied.outcome, tidied.why)
        self._let_the_board_count()
        self._let_the_fleet_write()
        verdict = judge(self._books(watch), sorted({fault.kind for fault in self._schedule.faults}))
        crowd = Crowd(self._players.came, self._players.sent_away)
        return Outcome(verdict, crowd, self._chain.stripe.reads_in_words())

    def _wait_until_it_sells(self, watch: Watch) -> None:
        deadline_s = time.monotonic() + OPENS_WITHIN_S
        while not watch.working:
            if time.monotonic() > deadline_s:
                raise self._chain.controller.failure(f"did not sell within {OPENS_WITHIN_S:g} s")
            time.sleep(STEP_S)

    def _under_fire(self) -> None:
        """The schedule, until its time is over, its last fault has struck, and enough have paid."""
        wishes = list(self._schedule.wishes)
        began_s = time.monotonic()
        while (at_s := time.monotonic() - began_s) < self._schedule.lasts_s or not (
            self._strikes.over and (self._enough_have_paid() or not wishes)
        ):
            while wishes and wishes[0].at_s <= at_s:
                self._players.come(wishes.pop(0))
            self._strikes.step(at_s)
            self._supervise()
        log.info("everything is mended")

    def _rest(self, watch: Watch) -> None:
        """Wait until it sells and nothing more happens; a chain that finds no rest is judged as it is."""
        deadline_s = time.monotonic() + WINDOW_S + REST_WITHIN_S
        self._technician_is_due = True
        while not (watch.working and is_at_rest(self._chain, self._neighbour, WINDOW_S)):
            if time.monotonic() > deadline_s:
                log.error("the chain found no rest")
                return
            self._supervise()

    def _let_the_board_count(self) -> None:
        """A board looks at its coin switch frame by frame, and counts a moment after the last edge."""
        deadline_s = time.monotonic() + COUNTS_WITHIN_S
        while self._chain.board.view().coins < len(wire_pulses(self._chain.board)):
            if time.monotonic() > deadline_s:
                log.error("the board did not count every pulse")
                return
            time.sleep(STEP_S)

    def _let_the_fleet_write(self) -> None:
        """A cabinet says again what the fleet has not confirmed, ever more rarely."""
        deadline_s = time.monotonic() + WRITTEN_WITHIN_S
        ledger = ledger_file(self._chain)
        while (journal := journal_of(ledger, self._fleet)).sums_of_ledger != journal.sums_of_fleet:
            if time.monotonic() > deadline_s:
                log.error("the fleet did not write everything down")
                return
            self._supervise()
            time.sleep(WRITTEN_LOOK_S)

    def _supervise(self) -> None:
        self._supervisor.look(time.monotonic())
        self._send_technician()
        time.sleep(STEP_S)

    def _send_technician(self) -> None:
        """Behind each broken coin wire somebody mends it, and clears what the cabinet made of it."""
        if self._chain.board.coin_wire_is_broken:
            self._technician_is_due = True
        elif self._technician_is_due:
            self._technician_is_due = not faults_cleared(self._chain.control_socket)

    def _somebody_has_paid(self) -> bool:
        return any(payment.reserved for payment in self._payments(next_door=False))

    def _enough_have_paid(self) -> bool:
        paid = (len(self._payments(next_door=where)) for where in (False, True))
        return all(count >= least for count, least in zip(paid, self._least, strict=True))

    def _payments(self, *, next_door: bool) -> tuple[Payment, ...]:
        theirs = self._players.paid_next_door
        return tuple(p for p in stripe_payments(self._chain) if (p.id in theirs) is next_door)

    def _books(self, watch: Watch) -> Books:
        ledger, struck = ledger_file(self._chain), self._breaker.struck
        return Books(
            payments=self._payments(next_door=False),
            pulses=ledger_pulses(ledger),
            wire=wire_pulses(self._chain.board),
            coins=self._chain.board.view().coins,
            owed=unfinished(ledger),
            window_s=WINDOW_S,
            working=watch.spans,
            faults=tuple(struck),
            killed=sum(fault.kind in KILLS_OF_THE_CABINET for fault in struck),
            doors_left_open=self._breaker.doors_left_open,
            next_door=NextDoor(self._payments(next_door=True), self._neighbour.heard),
            journal=journal_of(ledger, self._fleet),
        )
