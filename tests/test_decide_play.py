"""The rules for play: sessions, game over and the board's inputs."""

from __future__ import annotations

from cabinets import NOW_S, Bench, Orders, open_bench, paid_bench, payment, session, started_bench, train

from attract_screen.model.feed_format import State
from controller.model.cabinet import accepting, credits_waiting
from controller.model.effects import (
    ConnectBroker,
    FetchOffer,
    FirePulse,
    ForgetGameOver,
    Note,
    PublishGameOver,
    RecordGameOver,
    SaveSession,
    SendReceipt,
)
from controller.model.events import GameOverPublished, InputChanged, OfferReceived
from controller.model.offer import Offer, Price
from controller.model.payment import Outcome, Receipt
from controller.model.session import GameOver
from controller.rules.decide import next_wake_s
from controller.rules.mood import mood


def playing_bench() -> Bench:
    """A cabinet with one credit on its board, and no relay to be asked for an offer meanwhile."""
    bench = paid_bench(payment(), has_relay=False)
    bench.fired("pi_1", 1)
    bench.log.clear()
    return bench


def test_a_session_begins_with_the_first_whole_credit_and_grows_with_the_next() -> None:
    """It keeps the name of the payment that began it."""
    bench = playing_bench()
    bench.now_s += 30
    bench.receive(payment("pi_2"))
    bench.acknowledged()

    bench.fired("pi_2", 1)

    assert bench.cabinet.session == session("pi_1", NOW_S, 2, active_s=NOW_S + 30)


def test_game_over_ends_the_session_and_is_published() -> None:
    """With the session's name, its credits and its length."""
    bench = playing_bench()
    bench.now_s += 89.9

    ended = GameOver("pi_1", 1, credits=1, duration_s=90)
    assert bench.believe("game_over", active=True) == Orders(
        (RecordGameOver(ended), SaveSession(None)), (PublishGameOver(ended),)
    )


def test_a_game_over_is_owed_until_the_broker_has_it() -> None:
    """Killed between its commit and its publish, or while the broker is away: the next start publishes it."""
    owed = GameOver("pi_1", 1, credits=1, duration_s=90, ended_at="2026-06-01T12:00:00.000Z")
    bench, orders = started_bench(game_overs=(owed,))

    assert PublishGameOver(owed) in orders.acts
    assert bench.handle(GameOverPublished("pi_1", 1)) == Orders((ForgetGameOver("pi_1", 1),))


def test_a_game_over_that_is_held_ends_one_session() -> None:
    """A signal that stays is no second game over."""
    bench = playing_bench()
    bench.believe("game_over", active=True)
    bench.receive(payment("pi_2"))
    bench.acknowledged()
    bench.fired("pi_2", 1)

    assert bench.wait(10) == Orders()
    assert bench.cabinet.session == session("pi_2", NOW_S + 0.1, 1)


def test_the_next_game_over_ends_the_next_session() -> None:
    """After the signal has been at rest."""
    bench = playing_bench()
    bench.believe("game_over", active=True)
    bench.believe("game_over", active=False)
    bench.receive(payment("pi_2"))
    bench.acknowledged()
    bench.fired("pi_2", 1)

    acts = bench.believe("game_over", active=True).acts

    assert acts == (PublishGameOver(GameOver("pi_2", 1, 1, 0)),)


def test_a_game_over_while_no_paid_game_runs_is_only_logged() -> None:
    """Cash games end too."""
    bench = open_bench()

    assert bench.believe("game_over", active=True) == Orders()
    assert bench.log == [Note("game over came while no paid game was running: not published")]


def test_a_spike_on_the_game_over_line_ends_nothing() -> None:
    """It was shorter than the hold."""
    bench = playing_bench()
    bench.handle(InputChanged("game_over", True, bench.now_s))
    bench.handle(InputChanged("game_over", False, bench.now_s + 0.01))

    assert bench.wait(1) == Orders()


def test_a_game_over_that_came_and_went_while_the_loop_was_busy_still_counts() -> None:
    """Edges carry their own times."""
    bench = playing_bench()
    bench.handle(InputChanged("game_over", True, bench.now_s))
    bench.now_s += 5

    orders = bench.handle(InputChanged("game_over", False, NOW_S + 0.2))

    assert orders.acts == (PublishGameOver(GameOver("pi_1", 1, 1, 5)),)


def test_the_loop_wakes_when_a_line_will_have_held() -> None:
    """The board is believed to the millisecond, not to the heartbeat."""
    bench = open_bench()
    bench.handle(InputChanged("game_over", True, NOW_S))

    assert next_wake_s(bench.cabinet) == NOW_S + 0.03


def test_a_session_whose_end_nobody_reports_ends_by_itself() -> None:
    """A broken wire must not keep the attract screen away."""
    bench = playing_bench()
    assert bench.wait(1799) == Orders()

    ended = GameOver("pi_1", 1, credits=1, duration_s=1800)
    assert bench.wait(1) == Orders((RecordGameOver(ended), SaveSession(None)), (PublishGameOver(ended),))


def test_the_loop_wakes_for_the_end_of_a_forgotten_session() -> None:
    """Time alone ends it."""
    bench = playing_bench()

    assert next_wake_s(bench.cabinet) == NOW_S + 1800


def test_a_session_goes_on_after_a_restart_of_the_process() -> None:
    """The board never noticed."""
    running = session("pi_1", NOW_S - 60, 1)
    bench, _ = started_bench(session=running)

    assert bench.believe("game_over", active=True).acts == (PublishGameOver(GameOver(running.id, 1, 1, 60)),)


def test_a_session_does_not_outlive_the_power() -> None:
    """Nor does its time, which was counted from another boot."""
    bench, orders = started_bench(session=session("pi_1", 50_000.0, boot_id="boot-before"))

    assert (bench.cabinet.session, orders.acts) == (None, (ConnectBroker(), FetchOffer()))


def test_a_session_lives_on_where_the_board_keeps_its_credits() -> None:
    """Its time begins anew, for it was counted from another boot."""
    bench, _ = started_bench(
        session=session("pi_1", 50_000.0, boot_id="boot-before"), board_keeps_credits=True
    )

    assert bench.cabinet.session == session("pi_1", NOW_S, 1)


def test_readiness_is_logged_when_it_is_believed() -> None:
    """Once for each change."""
    bench = open_bench(has_ready_line=True)
    for active in (True, True, False):
        bench.believe("ready", active=active)

    assert bench.log == [Note("board ready"), Note("board not ready")]


def test_a_board_that_loses_its_ready_line_for_a_moment_stays_ready() -> None:
    """A spike holds no payment up."""
    bench = open_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    bench.handle(InputChanged("ready", False, bench.now_s))
    bench.handle(InputChanged("ready", True, bench.now_s + 0.02))
    bench.wait(1)

    assert bench.cabinet.board_ready


# More credits than one


def three_credits_bench(**rules: object) -> Bench:
    """A cabinet with three credits of one payment on its board."""
    bench = paid_bench(payment(credits=3), **rules)
    for number in (1, 2, 3):
        bench.fired("pi_1", number)
    bench.log.clear()
    return bench


def end_game(bench: Bench) -> Orders:
    """Let the board say game over, and fall silent again."""
    orders = bench.believe("game_over", active=True)
    bench.believe("game_over", active=False)
    return orders


def test_each_game_of_a_session_has_its_game_over() -> None:
    """Three credits are three games, and a fourth game over is none of ours."""
    bench = three_credits_bench()
    published = []
    for _ in range(4):
        bench.now_s += 100
        published += [(act.game_over.game, act.game_over.duration_s) for act in end_game(bench).acts]  # type: ignore[union-attr]

    assert published == [(1, 100), (2, 100), (3, 100)]
    assert bench.log[-1] == Note("game over came while no paid game was running: not published")


def test_between_two_games_the_attract_screen_comes_back() -> None:
    """Nobody knows whether the player goes on with the credits that are left."""
    bench = three_credits_bench()
    assert mood(bench.cabinet, bench.now_s) is State.PLAYING
    end_game(bench)

    assert (mood(bench.cabinet, bench.now_s), bench.cabinet.credits_on_board) == (State.ATTRACT, 2)


def test_a_session_lasts_from_its_last_credit() -> None:
    """A player who buys more goes on playing."""
    bench = playing_bench()
    bench.wait(1700)
    bench.receive(payment("pi_2"))
    bench.acknowledged()
    bench.fired("pi_2", 1)
    bench.wait(1700)

    assert bench.cabinet.credits_on_board == 2


def test_credits_that_nobody_plays_are_forgotten_in_silence() -> None:
    """No game was running that could be over."""
    bench = three_credits_bench(has_relay=False)
    end_game(bench)

    assert bench.wait(1800) == Orders((SaveSession(None),))
    assert bench.cabinet.session is None


# A board that holds so many credits and no more


def full_bench() -> Bench:
    """A board that holds two credits, with three paid."""
    bench = paid_bench(payment(credits=3), max_credits=2)
    bench.fired("pi_1", 1)
    bench.fired("pi_1", 2)
    return bench


def test_what_the_board_cannot_hold_waits() -> None:
    """The screen says so, and nothing more is sold."""
    bench = full_bench()

    assert (credits_waiting(bench.cabinet), accepting(bench.cabinet, bench.now_s)) == (1, False)
    assert mood(bench.cabinet, bench.now_s) is State.PLAYING


def test_a_game_that_ends_lets_the_next_credit_in() -> None:
    """The board has room for it."""
    bench = full_bench()

    orders = bench.believe("game_over", active=True)

    assert [type(act) for act in orders.acts] == [PublishGameOver, FirePulse]
    assert credits_waiting(bench.cabinet) == 0


def test_what_the_window_overtakes_is_not_charged() -> None:
    """The two that were delivered are."""
    bench = full_bench()

    assert bench.wait(60).acts == (SendReceipt(Receipt("pi_1", Outcome.PARTIAL, 2, 3)),)


def test_a_credit_that_has_begun_is_finished() -> None:
    """Two coins a credit: the board waits for the second."""
    bench = paid_bench(payment(credits=2), max_credits=1, pulses_per_credit=2)

    assert FirePulse("pi_1", 2) in bench.fired("pi_1", 1).acts
    assert FirePulse("pi_1", 3) not in bench.fired("pi_1", 2).acts


def test_a_credit_that_has_begun_is_finished_on_a_board_that_has_become_full() -> None:
    """By a coin of metal, between its two pulses; else the board would keep half a credit."""
    half = train(payment(), pulses=2, intended=1, fired=1)
    _, orders = started_bench(
        unfinished=(half,), session=session(credits=1), max_credits=1, pulses_per_credit=2
    )

    assert FirePulse("pi_1", 2) in orders.acts


def test_the_smallest_offer_must_fit() -> None:
    """Behind all that was paid before."""
    bench = open_bench(max_credits=2)
    bench.handle(OfferReceived(Offer("https://pay.example/p", (Price(2, 100, "usd"), Price(3, 150, "usd")))))
    assert accepting(bench.cabinet, bench.now_s)
    bench.receive(payment())

    assert not accepting(bench.cabinet, bench.now_s)


# The board's accept line


def test_a_board_that_is_not_ready_takes_nothing_from_that_moment() -> None:
    """A pulse that left while the line is still bouncing would be lost."""
    bench = open_bench(has_ready_line=True)
    bench.believe("ready", active=True)
    assert accepting(bench.cabinet, bench.now_s)

    bench.handle(InputChanged("ready", False, bench.now_s))

    assert not accepting(bench.cabinet, bench.now_s)


def test_a_flapping_ready_line_is_believed_once_it_holds() -> None:
    """Its log tells one change."""
    bench = open_bench(has_ready_line=True)
    for number in range(7):
        bench.handle(InputChanged("ready", number % 2 == 0, bench.now_s + 0.001 * number))
    bench.now_s += 0.05
    assert not accepting(bench.cabinet, bench.now_s)
    bench.wait(0.01)

    assert (accepting(bench.cabinet, bench.now_s), bench.log) == (True, [Note("board ready")])


def test_a_board_that_is_not_ready_for_long_is_a_fault() -> None:
    """Its wire may be broken; the fault goes with the cause."""
    bench = open_bench(has_ready_line=True, ready_stuck_s=600.0)
    bench.wait(599)
    assert bench.faults == ()
    bench.wait(1)
    assert bench.faults == ("ready: the board has not been ready for more than 600 s",)

    bench.believe("ready", active=True)

    assert bench.faults == ()
