"""The technician's page: who shows it and for how long, by an exact clock; noise shows nothing."""

from __future__ import annotations

import pytest
from cabinets import NOW_S, Bench, open_bench, payment, pulse
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.leaf_times import LEAF_S
from controller.model.cabinet import accepting
from controller.model.effects import FirePulse
from controller.model.events import InputChanged, TechnicianPageRequested, Tick
from controller.rules.decide import decide_button, next_wake_s
from controller.rules.technician_page import HELD_S, SHOWN_S

HOLD_S = 0.03
SHOWN = "technician's page shown for 120 s"


def button_bench() -> Bench:
    """A cabinet that sells, with a button that was told to be up at the start."""
    bench = open_bench(service_button_hold_s=HOLD_S, input_pins={"service_button": 6})
    bench.handle(InputChanged("service_button", False, bench.now_s, at_start=True))
    return bench


def press(bench: Bench, seconds: float) -> None:
    """Press the button for so long, and let it come to rest."""
    bench.handle(InputChanged("service_button", True, bench.now_s))
    wait_awake(bench, seconds)
    bench.handle(InputChanged("service_button", False, bench.now_s))
    wait_awake(bench, 0.5)


def wait_awake(bench: Bench, seconds: float) -> None:
    """Let time pass as in the loop: it looks whenever the rules say that something comes due."""
    until_s = bench.now_s + seconds
    while (wake_s := next_wake_s(bench.cabinet)) is not None and wake_s < until_s:
        bench.now_s = max(bench.now_s + 0.001, wake_s)
        bench.handle(Tick())
    bench.now_s = until_s
    bench.handle(Tick())


def is_shown(bench: Bench) -> bool:
    """Whether the page is on the screen."""
    return bench.cabinet.technician_page is not None


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.02, False), (0.5, False), (1.97, False), (2.01, True), (9, True)]
)
def test_a_button_held_for_two_seconds_shows_the_page(seconds: float, shown: bool) -> None:
    """A knock does not, and a longer hold is one hold."""
    bench = button_bench()
    press(bench, seconds)
    assert is_shown(bench) == shown


def test_the_page_comes_while_the_button_is_still_down() -> None:
    """After two seconds, which the rules wake up for by themselves: that is how the technician sees it."""
    bench = button_bench()
    bench.handle(InputChanged("service_button", True, bench.now_s))
    bench.wait(HOLD_S)
    assert next_wake_s(bench.cabinet) == NOW_S + HELD_S
    bench.wait(HELD_S - HOLD_S)
    assert bench.cabinet.technician_page is not None
    assert bench.cabinet.technician_page.until_s == NOW_S + HELD_S + SHOWN_S


def test_it_goes_by_itself_after_two_minutes() -> None:
    """Whoever went away left it to the players."""
    bench = button_bench()
    press(bench, 3.0)
    wait_awake(bench, SHOWN_S)
    assert not is_shown(bench)
    assert [note.text for note in bench.log] == [SHOWN, "technician's page ended by itself"]


def test_a_second_hold_ends_it() -> None:
    """And a third one shows it again."""
    bench = button_bench()
    seen = []
    for _ in range(3):
        press(bench, 2.5)
        seen.append(is_shown(bench))
    assert seen == [True, False, True]


def test_a_bounce_in_the_midst_of_a_hold_is_no_second_press() -> None:
    """The hold is counted from its beginning."""
    bench = button_bench()
    bench.handle(InputChanged("service_button", True, bench.now_s))
    wait_awake(bench, 1.5)
    for active in (False, True):
        bench.now_s += 0.005
        bench.handle(InputChanged("service_button", active, bench.now_s))
    wait_awake(bench, NOW_S + HELD_S + 0.001 - bench.now_s)
    assert is_shown(bench)


@given(st.lists(st.tuples(st.floats(0.05, 4.0), st.floats(0.05, 4.0)), max_size=12))
def test_each_hold_turns_it_once(presses: list[tuple[float, float]]) -> None:
    """However long and short presses follow each other, within the two minutes of any page."""
    bench = button_bench()
    holds = 0
    for down_s, up_s in presses:
        if abs(down_s - HELD_S) < 0.05:
            continue
        bench.handle(InputChanged("service_button", True, bench.now_s))
        wait_awake(bench, down_s)
        bench.handle(InputChanged("service_button", False, bench.now_s))
        wait_awake(bench, up_s)
        holds += down_s >= HELD_S
    assert is_shown(bench) == bool(holds % 2)


def test_a_button_that_is_down_at_the_start_shows_nothing() -> None:
    """It is stuck, or wired the other way round: each start would begin with two minutes without a code."""
    bench = open_bench(service_button_hold_s=HOLD_S)
    bench.handle(InputChanged("service_button", True, bench.now_s, at_start=True))
    wait_awake(bench, 10.0)
    stuck = is_shown(bench)
    bench.handle(InputChanged("service_button", False, bench.now_s))
    wait_awake(bench, 0.5)
    press(bench, 2.5)
    assert (stuck, is_shown(bench)) == (False, True)


@pytest.mark.parametrize("rate", [120, 240, 1000, 10_000])
def test_noise_on_the_button_shows_nothing_and_sells_on(rate: int) -> None:
    """One fault with its pin, no page during the noise or behind it, and then the button works again."""
    bench = button_bench()
    for number in range(int(rate * 5)):
        bench.now_s = NOW_S + (number + 1) / rate
        bench.handle(InputChanged("service_button", number % 2 == 0, bench.now_s))
        assert not is_shown(bench)
    (fault,) = bench.faults
    assert fault.startswith("service_button (GPIO 6) ")
    assert accepting(bench.cabinet, bench.now_s)
    bench.handle(InputChanged("service_button", True, bench.now_s + 0.01))
    wait_awake(bench, 20.0)
    assert (is_shown(bench), bench.faults) == (False, ())
    bench.handle(InputChanged("service_button", False, bench.now_s))
    wait_awake(bench, 0.5)
    press(bench, 2.5)
    assert is_shown(bench)


def test_a_person_may_press_as_often_as_he_likes() -> None:
    """Twenty presses in ten seconds are no noise."""
    bench = button_bench()
    for _ in range(20):
        press(bench, 0.1)
    assert bench.faults == ()


def test_a_short_press_turns_the_leaf() -> None:
    """From the one that is seen to the next, which then stays for as long as any."""
    bench = button_bench()
    bench.handle(TechnicianPageRequested(True))
    press(bench, 0.3)
    page = bench.cabinet.technician_page
    wait_awake(bench, 3 * LEAF_S - 0.1)
    press(bench, 0.3)
    later = bench.cabinet.technician_page
    assert page is not None
    assert later is not None
    assert (page.leaf, page.turned_s, later.leaf) == (1, NOW_S + 0.3 + HOLD_S, 5)


def test_a_short_press_shows_nothing_by_itself() -> None:
    """A page has to be there."""
    bench = button_bench()
    press(bench, 0.3)
    assert not is_shown(bench)


def test_a_hold_counts_though_the_loop_was_held_up() -> None:
    """By the times of its edges: a card that was busy for five seconds is no reason to hold it once more."""
    bench = button_bench()
    began_s = bench.now_s
    bench.now_s += 5.0
    bench.handle(InputChanged("service_button", True, began_s))
    bench.handle(InputChanged("service_button", False, began_s + 2.5))
    bench.handle(Tick())
    shown = is_shown(bench)
    wait_awake(bench, 5.0)
    assert (shown, is_shown(bench)) == (True, True)


def test_alone_the_button_decides_nothing_of_the_other_lines() -> None:
    """While nothing can be written their edges wait, so that nobody knows how they stand."""
    bench = button_bench()
    for number in range(600):
        bench.now_s += 0.001
        bench.handle(InputChanged("game_over", number % 2 == 0, bench.now_s))
    before = bench.cabinet
    for event in (
        InputChanged("service_button", True, bench.now_s),
        InputChanged("service_button", False, bench.now_s + 2.5),
        Tick(),
    ):
        bench.cabinet = decide_button(bench.cabinet, event, bench.now_s + 60).cabinet
    assert is_shown(bench)
    assert (bench.cabinet.noise["game_over"], bench.cabinet.game_over) == (
        before.noise["game_over"],
        before.game_over,
    )


def test_a_tool_shows_it_anew_and_ends_it() -> None:
    """Asked again it stays for two minutes from then."""
    bench = button_bench()
    bench.handle(TechnicianPageRequested(True))
    bench.wait(100)
    bench.handle(TechnicianPageRequested(True))
    bench.wait(100)
    renewed = is_shown(bench)
    orders = bench.handle(TechnicianPageRequested(False))
    bench.handle(TechnicianPageRequested(False))
    assert (renewed, is_shown(bench), orders.records) == (True, False, ())
    assert [note.text for note in bench.log] == [SHOWN, SHOWN, "technician's page ended by cabinet screen"]


def test_a_payment_is_credited_while_the_page_is_shown() -> None:
    """The page is a picture, and no reason not to sell."""
    bench = button_bench()
    bench.handle(TechnicianPageRequested(True))
    assert accepting(bench.cabinet, bench.now_s)
    bench.receive(payment())
    assert bench.acknowledged().acts == (FirePulse("pi_1", 1),)


def test_the_page_counts_each_line_since_it_is_shown() -> None:
    """An edge of before is not on it, and a coin pulse is two edges."""
    bench = button_bench()
    bench.handle(InputChanged("ready", True, bench.now_s))
    bench.handle(TechnicianPageRequested(True))
    for active in (False, True):
        bench.now_s += 0.1
        bench.handle(InputChanged("ready", active, bench.now_s))
    bench.now_s += 0.1
    bench.handle(InputChanged("game_over", True, bench.now_s, began_s=bench.now_s - 0.001, edges=40))
    bench.receive(payment())
    bench.acknowledged()
    bench.handle(pulse(bench, "pi_1", 1))
    page = bench.cabinet.technician_page
    assert page is not None
    assert page.edges == {"ready": 2, "game_over": 40, "coin_line": 2}
