"""The board: a virtual one on the other side of the simulated pins, in a process of its own.

It polls the coin line, which tells nobody of a change, and drives the inputs. Each edge is a line of EDGES,
"1 SECONDS" or "0 SECONDS" since boot, and each coin that the board counted "coin SECONDS"; the same goes to
the host, where it outlives this machine. Orders come as datagrams: "press_start", "end_game", "ready",
"not_ready", "power_cycle"; and "doze", after which it looks less often, until "watch".
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from simulator.board.model.arcade_board import ArcadeBoard
from simulator.board.model.board_profiles import JAMMA

CHIP = Path("/run/gpio-sim")
EDGES, ORDERS = Path("/run/board/edges"), Path("/run/board/orders")
HOST = Path("/dev/ttyS2")
COIN_PIN = 17
# All three are wired so that low is active.
INPUT_PINS = {"game_over": 27, "ready": 22, "coin_meter": 23}
# How often it looks, where the clock counts instructions. Elsewhere that would take all of a slow machine, as
# it would while something is waited for that takes long.
LOOK_EVERY_S, SELDOM_S = 0.001, 0.005
# Behind the clock by as much, so that an edge is seen before its frame is taken.
BEHIND_S = 0.002
PULLS = {True: b"pull-down\n", False: b"pull-up\n"}


def main() -> None:
    """Watch and drive, until the machine goes."""
    # Below the coin line's 50, and before everything else: a late look would be a wrong width.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(40))
    coin_line = os.open(CHIP / f"sim_gpio{COIN_PIN}/value", os.O_RDONLY)
    pulls = {line: os.open(CHIP / f"sim_gpio{pin}/pull", os.O_RDWR) for line, pin in INPUT_PINS.items()}
    told = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in (EDGES, HOST)]
    orders = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    orders.bind(str(ORDERS))
    orders.setblocking(False)
    board = ArcadeBoard(JAMMA, powered_at_s=time.monotonic())
    level, next_frame_s = 0, 0.0
    counted = "counted=1" in Path("/proc/cmdline").read_text().split()
    look_every_s = LOOK_EVERY_S if counted else SELDOM_S
    _say_ready()
    while True:
        now_s = time.monotonic()
        if (seen := int(os.pread(coin_line, 1, 0))) != level:
            level = seen
            board.edge(level, now_s)
            _tell(told, f"{level} {now_s:.4f}")
        if now_s >= next_frame_s:
            next_frame_s = now_s + 1 / JAMMA.frame_hz
            if order := _take_order(orders):
                look_every_s = {"doze": SELDOM_S, "watch": LOOK_EVERY_S}.get(order, look_every_s)
                _obey(order, board, now_s)
            board.run_until(now_s - BEHIND_S)
            for output in board.take_outputs():
                if output.line == "coin_meter" and output.active:
                    _tell(told, f"coin {output.at_s:.4f}")
            _drive(pulls, board)
        time.sleep(look_every_s)


def _drive(pulls: dict[str, int], board: ArcadeBoard) -> None:
    """Whoever takes a line as an input sets its pull; a board is stronger than that."""
    for line, file in pulls.items():
        wanted = PULLS[board.is_active(line)]
        if os.pread(file, 16, 0) != wanted:
            os.pwrite(file, wanted, 0)


def _take_order(orders: socket.socket) -> str | None:
    try:
        return orders.recv(100).decode()
    except BlockingIOError:
        return None


def _obey(order: str, board: ArcadeBoard, now_s: float) -> None:
    if order in ("ready", "not_ready"):
        board.set_ready(order == "ready", now_s)
    elif order not in ("doze", "watch"):
        getattr(board, order)(now_s)


def _tell(files: list[int], text: str) -> None:
    for file in files:
        os.write(file, f"{text}\n".encode())


def _say_ready() -> None:
    Path("/dev/board").touch()  # ends what kept the clock from leaping so far
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])


if __name__ == "__main__":
    main()
