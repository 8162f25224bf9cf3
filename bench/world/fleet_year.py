"""A believable year of machines, as what their cabinets send: the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fleet.journal.chain import BEGINNING, canonical, next_sum

BEGAN_AT = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
_DAY_S, _ENTRIES_AT_ONCE = 86400.0, 20
# Plays of an ordinary machine, Monday to Sunday; a favourite has three times as many, another one a third.
_PLAYS = (9, 9, 10, 12, 22, 30, 20)
_PRICES = ((1, 100), (3, 250), (7, 500))


@dataclass(frozen=True)
class Message:
    """What a cabinet sends, and when it comes (Unix seconds)."""

    machine_id: str
    payload: bytes
    came_at: float
    entries: int


def machine_ids(count: int) -> list[str]:
    """The names of so many machines."""
    return [f"arcade-{number:05}" for number in range(count)]


def year(seed: int, machine_id: str, days: int = 365) -> Iterator[Message]:
    """Everything that one machine sends in its first days of the year."""
    dice = random.Random(f"{seed} {machine_id}")  # noqa: S311 # the same year each time
    ledger = _Ledger(machine_id, f"{dice.getrandbits(128):032x}")
    liked = min(3.0, max(0.3, dice.lognormvariate(0, 0.6)))
    for day in range(days):
        at = BEGAN_AT + day * _DAY_S
        weekday = datetime.fromtimestamp(at, UTC).weekday()
        opens_at, hours = at + 10 * 3600, 14 if weekday in (4, 5) else 12
        ledger.boots(f"boot-{day}", opens_at + dice.uniform(-600, 600))
        for _ in _day(ledger, dice, round(_PLAYS[weekday] * liked * dice.uniform(0.5, 1.5)), hours * 3600.0):
            yield from ledger.sent(_ENTRIES_AT_ONCE)
        yield from ledger.sent(1)


def _day(ledger: _Ledger, dice: random.Random, plays: int, open_s: float) -> Iterator[None]:
    ledger.write(20.0, "start", version="1.0.0", board="bench")
    # Most of a day's plays are in its evening.
    moments = sorted(60 + open_s * dice.betavariate(2.5, 1.5) for _ in range(plays))
    breaks_s = dice.uniform(60, open_s) if dice.random() < 0.03 else open_s * 2
    for number, at_s in enumerate(moments):
        if at_s > breaks_s:
            ledger.write(at_s, "fault_begins", fault="counter_stuck", text="The counter does not move")
            ledger.write(at_s + 900, "fault_ends", fault="counter_stuck")
            breaks_s = open_s * 2
        _play(ledger, dice, at_s, number)
        yield


def _play(ledger: _Ledger, dice: random.Random, at_s: float, number: int) -> None:
    if dice.random() < 0.55:
        ledger.coins += 1
        credits = 1
        ledger.write(at_s, "coin", number=ledger.coins)
    else:
        payment = f"pi_{dice.getrandbits(96):024x}"
        credits, amount = dice.choices(_PRICES, (6, 3, 1))[0]
        doubt = int(dice.random() < 0.002)
        ledger.write(
            at_s, "sale", paymentId=payment, test=False, free=False, credits=credits, amount=amount,
            currency="eur", outcome="delivered", reason="", creditsDelivered=credits, fired=credits,
            confirmed=credits - doubt, uncounted=0, ambiguous=doubt, hasReceipt=True,
        )  # fmt: skip
        ledger.write(at_s + 2, "settled", paymentId=payment, answer="settled", charged=amount)
    length = max(20, round(dice.gauss(240, 90)))
    ledger.write(
        at_s + length, "game", sessionId=f"{ledger.boot}-{number}", game=1, credits=credits,
        durationS=length, idleS=None, why="game over",
    )  # fmt: skip


@dataclass
class _Ledger:
    machine_id: str
    ledger: str
    boot: str = ""
    began_at: float = 0.0
    seq: int = 0
    sum: str = BEGINNING
    coins: int = 0
    now_s: float = 0.0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    _before: str = BEGINNING

    def boots(self, boot: str, began_at: float) -> None:
        self.boot, self.began_at, self.now_s = boot, began_at, 0.0

    def write(self, at_s: float, kind: str, **fields: Any) -> None:
        self.seq += 1
        self.now_s = max(self.now_s, round(at_s, 3))  # a ledger is written in the order of time
        wall = datetime.fromtimestamp(self.began_at + self.now_s, UTC).isoformat(timespec="seconds")
        own = {"seq": self.seq, "kind": kind, "boot": self.boot, "s": self.now_s, "wall": wall}
        entry = own | fields
        self.sum = next_sum(self.sum, canonical(entry))
        self.waiting.append(entry)

    def sent(self, least: int) -> Iterator[Message]:
        if len(self.waiting) < least:
            return
        said = {
            "machineId": self.machine_id, "ledger": self.ledger, "first": 1, "bootId": self.boot,
            "sentS": self.now_s, "prev": self._before, "entries": self.waiting,
        }  # fmt: skip
        payload = json.dumps(said, separators=(",", ":")).encode()
        yield Message(self.machine_id, payload, self.began_at + self.now_s + 0.1, len(self.waiting))
        self.waiting, self._before = [], self.sum
