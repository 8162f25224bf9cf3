"""Chaos: its schedule, the links that it breaks, and a short run of it on the real parts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import wait_until

from simulator.chain.proxy import Link
from simulator.chaos.faults import coin_line_pid
from simulator.chaos.rules.schedule import KINDS, LULL_S, Fault, draw
from simulator.chaos.rules.strikes import Strikes
from simulator.chaos.run import PACE, TIDY_EVERY_S, WINDOW_S, run_chaos
from simulator.chaos.watch import Watch
from simulator.chaos.wrong_clock import ClockFile, command

ROOT = Path(__file__).parent.parent
SHORT = (
    "controller killed",
    "broker's sessions lost",
    "webhooks repeated",
    "controller-broker delayed",
    "fleet killed",
)


def test_the_same_seed_gives_the_same_schedule() -> None:
    """A failure can be run again."""
    assert draw(7, 120) == draw(7, 120)
    assert draw(7, 120) != draw(8, 120)


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_of_fault_comes_even_in_a_short_run(seed: int) -> None:
    """None is left to luck."""
    assert {fault.kind for fault in draw(seed, 20, tuple(KINDS)).faults} == set(KINDS)


def test_what_comes_first_or_last_is_alone() -> None:
    """Nothing else breaks until its calm is over, and somebody pays around it."""
    schedule = draw(7, 300, tuple(KINDS))
    alone = [f for f in schedule.faults if KINDS[f.kind].comes_first or KINDS[f.kind].comes_last]
    assert [fault.kind for fault in alone] == [
        "broker away until late",
        "board jammed for good",
        "token revoked",
        "broker crashes six times",
    ]
    for one in alone:
        over_s = one.at_s + one.lasts_s + KINDS[one.kind].calm_s
        assert [f for f in schedule.faults if f is not one and one.at_s <= f.at_s < over_s] == []
        assert [wish for wish in schedule.wishes if one.at_s - 3 <= wish.at_s <= one.at_s + 3]
    assert list(schedule.faults) == sorted(schedule.faults)


def test_between_two_decks_nothing_breaks() -> None:
    """Or no payment's window would ever end in half a minute in which all worked."""
    kinds = tuple(name for name, kind in KINDS.items() if not (kind.comes_first or kind.comes_last))
    faults = draw(7, 600, kinds).faults
    gaps_s = [after.at_s - before.at_s for before, after in pairwise(faults)]
    assert len(faults) == 5 * len(kinds)
    assert len([gap_s for gap_s in gaps_s if gap_s >= LULL_S]) == 4
    assert faults[-1].at_s <= 600


def test_some_players_go_next_door() -> None:
    """To the same machine's door in another hall."""
    wishes = draw(7, 600, ()).wishes
    assert 0.05 < sum(wish.next_door for wish in wishes) / len(wishes) < 0.25


def test_each_repeat_of_a_webhook_comes_after_the_window() -> None:
    """Stripe's own times: what the relay did not take, it must look after by itself."""
    assert PACE.retries.waits_s[0] > WINDOW_S + TIDY_EVERY_S


def test_a_process_has_the_clock_that_its_file_says(tmp_path: Path) -> None:
    """Stepped while it runs; the machine's stays as it is."""
    (tmp_path / "tell.py").write_text(
        "import sys, time\nfor line in sys.stdin:\n    print(time.time(), sys.argv[1], flush=True)\n"
    )
    clock = ClockFile(tmp_path / "clock")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    with subprocess.Popen(
        [*command(tmp_path / "clock"), sys.executable, "-m", "tell", "argument"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for off_s in (0.0, 600.0, -60.0):
            clock.set(off_s)
            process.stdin.write("tell\n")
            said, argument = process.stdout.readline().split()
            assert (round(float(said) - time.time() - off_s, 0), argument) == (0, "argument")


def test_a_calm_schedule_has_players_only() -> None:
    """Without faults there is nothing but payments."""
    calm = draw(7, 60, kinds=())
    assert (calm.faults, calm.lasts_s) == ((), 60)
    assert [wish for wish in calm.wishes if wish.at_s < 60]


class Broken:
    """Notes what is broken and mended, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.is_there = True

    def begin(self, kind: str) -> bool:
        if self.is_there:
            self.told.append(f"begin {kind}")
        return self.is_there

    def end(self, target: str) -> None:
        self.told.append(f"end {target}")


def test_a_fault_waits_for_a_payment_to_hit() -> None:
    """It strikes so long behind the payment as the schedule says, and then lasts as long."""
    paying: list[str] = []
    broken = Broken()
    strikes = Strikes([Fault(1.0, "disk full", lasts_s=2.0, behind_s=0.5)], broken, lambda: bool(paying))
    for at_s in (0.0, 1.0, 3.0):
        strikes.step(at_s)
    assert broken.told == []
    paying.append("pi_1")
    for at_s in (4.0, 4.4):
        strikes.step(at_s)
    assert broken.told == []
    strikes.step(4.5)
    assert (broken.told, strikes.over) == (["begin disk full"], False)
    strikes.step(6.5)
    assert (broken.told, strikes.over) == (["begin disk full", "end disk"], True)


def test_a_fault_does_not_wait_for_ever() -> None:
    """Where nobody pays, it strikes all the same."""
    broken = Broken()
    strikes = Strikes([Fault(1.0, "relay killed", lasts_s=0.0, behind_s=0.5)], broken, lambda: False)
    waits_s = KINDS["relay killed"].waits_s
    for at_s in (1.0, 1.0 + waits_s, 1.5 + waits_s):
        strikes.step(at_s)
    assert (broken.told, strikes.over) == (["begin relay killed", "end relay"], True)


def test_a_payment_that_was_settled_too_soon_is_not_struck() -> None:
    """The fault waits for the next one, and comes sooner behind it."""
    paying = ["pi_1"]
    broken = Broken()
    strikes = Strikes([Fault(0.0, "relay killed", lasts_s=0.0, behind_s=1.0)], broken, lambda: bool(paying))
    strikes.step(0.0)
    paying.clear()
    strikes.step(1.0)
    paying.append("pi_2")
    for at_s in (2.0, 2.4):
        strikes.step(at_s)
    assert broken.told == []
    strikes.step(2.5)
    assert broken.told == ["begin relay killed", "end relay"]


def test_what_is_not_there_is_broken_later() -> None:
    """A process that is just being restarted cannot be killed: the fault waits for it."""
    broken = Broken()
    broken.is_there = False
    strikes = Strikes([Fault(0.0, "relay killed", lasts_s=0.0, behind_s=0.0)], broken, lambda: True)
    strikes.step(0.0)
    assert (broken.told, strikes.over) == ([], False)
    broken.is_there = True
    strikes.step(0.1)
    assert (broken.told, strikes.over) == (["begin relay killed", "end relay"], True)


def test_what_is_broken_on_purpose_does_not_count_as_working() -> None:
    """A door that still sells while something is broken proves nothing."""
    broken = threading.Event()
    with Watch(broken.is_set, lambda: True) as watch:
        wait_until(lambda: watch.working, "a first look")
        broken.set()
        wait_until(lambda: not watch.working, "a look at what is broken")
        broken.clear()
        wait_until(lambda: watch.working, "a last look")
    (first_from_s, first_until_s), (last_from_s, last_until_s) = watch.spans
    assert first_from_s < first_until_s < last_from_s < last_until_s == float("inf")


@contextmanager
def echo() -> Iterator[int]:
    """A server that says everything back, one connection at a time; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    near, _ = listener.accept()
                    with near:
                        while said := near.recv(4096):
                            near.sendall(said)
                except OSError:
                    if listener.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def link() -> Iterator[Link]:
    with echo() as port, Link(port) as whole:
        yield whole


def connect(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=60)


def test_a_whole_link_carries_both_ways(link: Link) -> None:
    """Bytes and the end of them."""
    with connect(link) as phone:
        phone.sendall(b"hello")
        assert phone.recv(100) == b"hello"
        phone.shutdown(socket.SHUT_WR)
        assert phone.recv(100) == b""


def test_a_cut_link_breaks_what_is_open_and_what_comes(link: Link) -> None:
    """Nobody gets through until it is whole again."""
    with connect(link) as phone:
        phone.sendall(b"hello")
        assert phone.recv(100) == b"hello"
        link.become("cut")
        assert is_broken(phone)
        assert refuses(link)
        link.become("whole")
    with connect(link) as again:
        again.sendall(b"hello")
        assert again.recv(100) == b"hello"


def refuses(link: Link) -> bool:
    try:
        with connect(link) as phone:
            return is_broken(phone)
    except ConnectionError:  # broken before it was made
        return True


def is_broken(phone: socket.socket) -> bool:
    try:
        return phone.recv(100) == b""
    except ConnectionError:
        return True


def test_a_held_link_delivers_once_it_is_whole(link: Link) -> None:
    """A dead network: the sender believes that it was sent, and nothing is lost."""
    with connect(link) as phone:
        phone.sendall(b"one")
        assert phone.recv(100) == b"one"
        link.become("held")
        phone.sendall(b"two")
        phone.settimeout(0.2)
        with pytest.raises(TimeoutError):
            phone.recv(100)
        phone.settimeout(60)
        link.become("whole")
        assert phone.recv(100) == b"two"


def test_a_slow_link_carries_everything_piece_by_piece(link: Link) -> None:
    """Slow is not broken; and once it is whole, the rest comes at once."""
    link.become("slow")
    with connect(link) as phone:
        phone.sendall(b"x" * 4096)
        first = phone.recv(4096)
        assert len(first) < 4096
        link.become("whole")
        rest = b""
        while len(first + rest) < 4096:
            rest += phone.recv(4096)
    assert first + rest == b"x" * 4096


def test_the_coin_line_of_a_controller_is_found() -> None:
    """It is the controller's only child; where there is none, there is nobody to break."""
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE) as controller:
        assert controller.stdout is not None
        coin_line = int(controller.stdout.readline())
        assert coin_line_pid(controller.pid) == coin_line
        assert coin_line_pid(coin_line) is None
        os.kill(coin_line, signal.SIGKILL)


def test_a_short_run_under_fire_keeps_every_promise(tmp_path: Path) -> None:
    """Kills, a broker that forgets, a dead network and repeated webhooks: no payment goes wrong.

    Nor does the fleet's book, whose program is killed several times in between.
    """
    verdict = run_chaos(tmp_path / "chaos", draw(2, 12, SHORT), least_paid=3).verdict
    assert verdict.failures == ()
    assert verdict.payments >= 3


def test_a_short_run_with_a_coin_meter_charges_only_what_the_board_counted(tmp_path: Path) -> None:
    """Its coin wire breaks as well, and the cabinet is killed while pulses wait for their count."""
    kinds = ("coin wire cut", "controller killed", "controller stopped")
    verdict = run_chaos(tmp_path / "chaos", draw(3, 10, kinds), meter=True, least_paid=3).verdict
    assert verdict.failures == ()
    assert verdict.payments >= 3


def test_a_short_run_with_wrong_clocks_and_a_key_that_loses_a_permission(tmp_path: Path) -> None:
    """And beside it a hall on the same account, which sells as well and credits only its own."""
    kinds = (
        "relay's clock a minute ahead",
        "relay's clock ten minutes behind",
        "key may not write payments",
        "Stripe's lists are slow",
    )
    schedule = draw(5, 12, kinds)
    verdict = run_chaos(tmp_path / "chaos", schedule, least_paid=3, least_next_door=1).verdict
    assert verdict.failures == ()
    assert verdict.payments >= 3
    assert verdict.paid_next_door >= 1
