"""The board's lines into the Pi, on mock pins that a virtual board drives."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import wait_until
from gpiozero.pins.mock import MockFactory, MockPin

from controller.board.inputs import BoardInput, board_inputs, watched
from controller.board.mock_pins import BoardUnreachableError
from controller.board.pins import open_pins
from controller.config.keys import CoinMeterConfig, InputConfig
from controller.model.events import InputChanged
from controller.system.clock import since_boot_s
from simulator.board.board_server import BoardServer
from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

GAME_OVER, READY, METER = 27, 22, 23
METER_LINE = CoinMeterConfig(METER, "low", debounce_ms=10, within_ms=500, out_of_order_after=3)


class Told:
    """What the inputs told."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[InputChanged] = queue.SimpleQueue()

    def next(self, count: int) -> list[tuple[str, bool]]:
        """The next changes, without their times."""
        events = [self.queue.get(timeout=60) for _ in range(count)]
        return [(event.line, event.active) for event in events]


def board_with(folder: Path, active_level: int) -> BoardServer:
    """A virtual board whose lines mean yes at a level."""
    return BoardServer(
        folder / "board",
        ArcadeBoard(JAMMA, powered_at_s=since_boot_s()),
        coin_pin=17,
        game_over_pin=GAME_OVER,
        ready_pin=READY,
        game_over_active_level=active_level,
        ready_active_level=active_level,
    )


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardServer]:
    """A virtual board with contacts to ground."""
    with board_with(tmp_path, active_level=0) as server:
        yield server


@pytest.fixture
def told() -> Told:
    """An empty queue of changes."""
    return Told()


def line(pin: int, active: Literal["low", "high"] = "low") -> InputConfig:
    """A wired input."""
    return InputConfig(pin, active, debounce_ms=30)


def test_each_line_begins_by_telling_its_level(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """A board that is ready before we are makes no edge."""
    with board_inputs(
        {"game_over": line(GAME_OVER), "ready": line(READY)}, tmp_path / "board", told.queue.put
    ):
        assert told.next(2) == [("game_over", False), ("ready", True)]


def test_a_game_over_is_an_edge_each_way(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """In the order and with the times at which the wire moved."""
    begun_s = since_boot_s()
    with board_inputs({"game_over": line(GAME_OVER)}, tmp_path / "board", told.queue.put):
        board.insert_cash_coin()
        board.press_start()
        board.end_game()
        events = [told.queue.get(timeout=60) for _ in range(3)]

    assert [(event.line, event.active) for event in events] == [
        ("game_over", False),
        ("game_over", True),
        ("game_over", False),
    ]
    times = [begun_s, *(event.at_s for event in events), since_boot_s()]
    assert times == sorted(times)


@pytest.mark.parametrize(("active", "level"), [("low", 0), ("high", 1)])
def test_readiness_is_told_in_the_boards_sense(
    told: Told, tmp_path: Path, active: Literal["low", "high"], level: int
) -> None:
    """Whichever level means yes."""
    with (
        board_with(tmp_path, level) as board,
        board_inputs({"ready": line(READY, active)}, tmp_path / "board", told.queue.put),
    ):
        for ready in (False, True):
            board.set_ready(ready)

        assert told.next(3) == [("ready", True), ("ready", False), ("ready", True)]


def test_a_line_that_is_not_wired_is_not_watched(board: BoardServer, told: Told, tmp_path: Path) -> None:
    """Its pin may be anything."""
    with board_inputs({"game_over": line(GAME_OVER)}, tmp_path / "board", told.queue.put):
        board.set_ready(False)
        board.insert_cash_coin()
        board.press_start()
        board.end_game()

        assert told.next(3) == [("game_over", False), ("game_over", True), ("game_over", False)]


def test_a_coin_meters_pulse_is_an_edge_each_way(told: Told, tmp_path: Path) -> None:
    """What the board counts reaches us as it drives its meter."""
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    with (
        BoardServer(tmp_path / "board", board, coin_pin=17, coin_meter_pin=METER) as server,
        board_inputs({"coin_meter": METER_LINE}, tmp_path / "board", told.queue.put),
    ):
        server.insert_cash_coin()

        assert told.next(3) == [("coin_meter", False), ("coin_meter", True), ("coin_meter", False)]


class BusyPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """GPIO 27, of a header that finds it busy whenever it is let go."""

    tries = 0

    def close(self) -> None:
        if self.info.name == "GPIO27":
            self.tries += 1
            raise OSError("GPIO busy")
        super().close()


def test_an_input_that_does_not_let_go_is_told_and_keeps_no_stop(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """The pin is tried once, the other line and the factory are closed, and nothing is raised."""
    pins: list[Any] = []
    with closing(MockFactory(pin_class=BusyPin)) as factory:
        with watched({"game_over": line(GAME_OVER), "ready": line(READY)}, factory, told.queue.put):
            pins = [factory.pin(GAME_OVER), factory.pin(READY)]
        assert factory.pins == {}

    assert [record.getMessage() for record in caplog.records] == [
        "GPIO27 (game_over) goes back only with the process: GPIO busy"
    ]
    assert [pin.tries for pin in pins] == [1, 0]
    assert [pin.when_changed is None for pin in pins] == [False, True]


def test_a_cabinet_without_inputs_needs_no_pins(told: Told, tmp_path: Path) -> None:
    """Nothing is opened, and nothing is told."""
    with board_inputs({}, tmp_path / "nowhere", told.queue.put):
        assert told.queue.empty()


def test_pins_that_cannot_be_had_are_an_error(told: Told, tmp_path: Path) -> None:
    """A cabinet must not run deaf."""
    with (
        pytest.raises(BoardUnreachableError, match=r"^no virtual board at "),
        board_inputs({"game_over": line(GAME_OVER)}, tmp_path / "nowhere", told.queue.put),
    ):
        pass


def test_an_edge_keeps_its_own_time_however_late_it_is_heard(tmp_path: Path) -> None:
    """A coin meter's count must not seem late because this process was busy."""
    board = ArcadeBoard(JAMMA, powered_at_s=since_boot_s())
    busy = threading.Event()
    heard: list[tuple[InputChanged, float]] = []

    def tell(event: InputChanged) -> None:
        if not event.at_start:
            busy.wait(timeout=60)
        heard.append((event, since_boot_s()))

    with (
        BoardServer(tmp_path / "board", board, coin_pin=17, coin_meter_pin=METER) as server,
        board_inputs({"coin_meter": METER_LINE}, tmp_path / "board", tell),
    ):
        server.insert_cash_coin()
        wait_until(lambda: len(server.edges_of(METER)) == 2, "the meter's pulse")
        over_s = since_boot_s()
        busy.set()
        wait_until(lambda: len(heard) == 3, "the pulse to be heard")

    (_, rise, fall) = (event.at_s for event, _ in heard)
    assert rise < fall <= over_s < heard[2][1]


def test_a_level_whose_edge_was_lost_is_told_by_the_next_look(
    board: BoardServer, told: Told, tmp_path: Path
) -> None:
    """Once; and a look at what was told already tells nothing."""
    with (
        open_pins(tmp_path / "board", listens=True) as factory,
        BoardInput("ready", line(READY), factory, told.queue.put) as ready,
    ):
        ready.pin.when_changed = None
        board.set_ready(False)
        wait_until(lambda: not ready.value, "the wire to move")
        for _ in range(2):
            ready.look_again()

        assert told.next(2) == [("ready", True), ("ready", False)]
        assert told.queue.empty()
