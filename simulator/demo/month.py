"""A believable month of eleven machines in two halls, for the demo's fleet to have something to tell."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from fleet.book import tables
from fleet.book.came.recording import Came, record
from fleet.book.came.statuses import record_statuses
from fleet.book.database.dialect import put_new
from fleet.journal.batch import Batch, Entry
from fleet.journal.chain import BEGINNING, canonical, next_sum

DAYS, DAY_S, HOUR_S = 30, 86400.0, 3600.0
VERSION = "1.0"
HALLS = {"Arcade am Ring": ("11:00", "23:00", 40.0), "Kino Central": ("14:00", "23:30", 35.0)}
# Who each machine is, where it stands, and how many plays a day it has on an ordinary one.
NEIGHBOURS = (
    ("galaga-01", "Galaga", 0, 22),
    ("pacman-02", "Pac-Man", 0, 18),
    ("outrun-03", "Out Run", 0, 26),
    ("tempest-04", "Tempest", 0, 6),
    ("bubble-05", "Bubble Bobble", 0, 12),
    ("kong-06", "Donkey Kong", 0, 11),
    ("asteroids-07", "Asteroids", 1, 7),
    ("fighter-08", "Street Fighter II", 1, 21),
    ("frogger-09", "Frogger", 1, 5),
    ("defender-10", "Defender", 1, 8),
    ("qbert-11", "Q*bert", 1, 9),
)
# Its coin wire goes bad in the last week; this one was switched off last night.
BAD_WIRE, SWITCHED_OFF = "kong-06", "frogger-09"
OFFERS = ((1, 100), (1, 100), (3, 250))


@dataclass
class _Diary:
    """What one machine writes down, over one boot that began with the month."""

    machine_id: str
    began_at: float
    entries: list[Entry] = field(default_factory=list)

    def write(self, at: float, kind: str, **fields: Any) -> None:
        """One entry at this time (Unix seconds)."""
        wall = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
        s = round(at - self.began_at, 3)
        told = {"seq": len(self.entries) + 1, "kind": kind, "boot": "demo", "s": s, "wall": wall, **fields}
        before = self.entries[-1].sum if self.entries else BEGINNING
        text = canonical(told)
        self.entries.append(
            Entry(len(self.entries) + 1, next_sum(before, text), kind, "demo", s, wall, text, told)
        )

    def batch(self) -> Batch:
        """All of it."""
        last_s = self.entries[-1].boot_s
        ledger = f"{random.Random(self.machine_id).getrandbits(128):032x}"  # noqa: S311 - only a name
        return Batch(self.machine_id, ledger, 1, "demo", last_s, BEGINNING, tuple(self.entries))


def fill(connection: Connection, now: float, seed: int = 1) -> None:
    """Write the month before `now` (Unix seconds) into an empty book, with halls, names and collections."""
    _halls(connection)
    began_at = now - DAYS * DAY_S
    for place, (machine_id, name, hall, plays) in enumerate(NEIGHBOURS):
        luck = random.Random(seed * 100 + place)  # noqa: S311 - a world, and no secret
        diary = _Diary(machine_id, began_at)
        diary.write(began_at, "start", version=VERSION, board="demo")
        diary.write(began_at, "configuration", name=name, keys=[])
        for event in sorted(_month(machine_id, plays, now, luck), key=lambda event: event[0]):
            diary.write(event[0], event[1], **event[2])
        record(connection, [Came(diary.batch(), began_at + diary.entries[-1].boot_s)], lambda _: UTC)
        describe(connection, machine_id, name, hall, now)
        _report(connection, machine_id, now)


def _month(
    machine_id: str, plays: int, now: float, luck: random.Random
) -> Iterator[tuple[float, str, dict[str, Any]]]:
    bad_since = now - 6 * DAY_S if machine_id == BAD_WIRE else now
    off_since = now - 14 * HOUR_S if machine_id == SWITCHED_OFF else now
    for day in range(DAYS + 1):
        midnight = now - now % DAY_S - (DAYS - day) * DAY_S
        weekday = datetime.fromtimestamp(midnight, UTC).weekday()
        busy = plays * (1.9 if weekday >= 5 else 1.3 if weekday == 4 else 0.8)
        for number in range(max(0, round(luck.gauss(busy, busy**0.5)))):
            at = midnight + luck.triangular(11, 22.8, 19) * HOUR_S
            if not now - DAYS * DAY_S + 60 < at < min(off_since, now - 900):
                continue
            yield from _play(machine_id, at, f"{day}-{number}", luck, is_bad=at > bad_since)
    if machine_id == BAD_WIRE:
        text = "coin_meter: 3 of our pulses in a row were not counted: is the wire to the meter whole?"
        yield bad_since + HOUR_S, "fault_begins", {"fault": "coin_meter", "text": text}
        yield bad_since + 3 * HOUR_S, "technician", {"did": "clear", "details": "the faults"}
        yield bad_since + 3.1 * HOUR_S, "fault_ends", {"fault": "coin_meter", "text": text}
        yield now - 2 * HOUR_S, "fault_begins", {"fault": "coin_meter", "text": text}


def _play(
    machine_id: str, at: float, name: str, luck: random.Random, *, is_bad: bool
) -> Iterator[tuple[float, str, dict[str, Any]]]:
    payment_id, credits, idle_s = f"pi_demo_{machine_id}_{name}", 1, luck.randint(5, 1500)
    if luck.random() < 0.3:
        yield at, "coin", {"number": 1}
    else:
        credits, amount = luck.choice(OFFERS)
        lost = credits if is_bad and luck.random() < 0.4 else 0
        charged = amount * (credits - lost) // credits
        sale = {"paymentId": payment_id, "credits": credits, "amount": amount, "currency": "usd"}
        end = {
            "outcome": "delivered" if not lost else "failed",
            "reason": "",
            "creditsDelivered": credits - lost,
        }
        pulses = {"fired": 0, "confirmed": credits - lost, "uncounted": lost, "ambiguous": 0}
        yield at, "sale", {**sale, **end, **pulses}
        yield at + 0.4, "settled", {"paymentId": payment_id, "answer": "settled", "charged": charged}
    for game in range(credits):
        length_s = luck.randint(70, 420)
        at += length_s
        told = {"sessionId": payment_id, "game": game + 1, "credits": credits, "durationS": length_s}
        yield at, "game", {**told, "idleS": idle_s, "why": "game over"}


def _halls(connection: Connection) -> None:
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for name, (opens, closes, share) in HALLS.items():
        row = {
            "name": name,
            "zone": "UTC",
            "opening": json.dumps({day: [[opens, closes]] for day in week}),
            "owner_name": f"{name} GmbH",
            "owner_share_percent": share,
            "deductions": json.dumps(["fees", "refunds", "tests"]),
        }
        connection.execute(insert(tables.locations).values(row))


def describe(connection: Connection, machine_id: str, name: str, hall: int, now: float) -> None:
    """What people typed of a machine: its name, its place, and what a coin in it is worth."""
    place = select(tables.locations.c.id).where(tables.locations.c.name == list(HALLS)[hall])
    values = {"name": name, "coin_value": 100, "coin_currency": "usd", "location_id": place.scalar_subquery()}
    put_new(connection, tables.machines, [{"machine_id": machine_id, "name": "", "first_heard_at": now}])
    machines = tables.machines
    connection.execute(update(machines).where(machines.c.machine_id == machine_id).values(values))


def _report(connection: Connection, machine_id: str, now: float) -> None:
    """What it said last of itself."""
    is_on, is_well = machine_id != SWITCHED_OFF, machine_id != BAD_WIRE
    said = {
        "machineId": machine_id,
        "online": is_on,
        "accepting": is_on and is_well,
        "state": "offline" if not is_on else "attract" if is_well else "out_of_order",
        "version": VERSION,
    }
    heard_at = now - 14 * HOUR_S if not is_on else now - 2 * HOUR_S if not is_well else now - 600
    record_statuses(connection, [(machine_id, json.dumps(said).encode(), heard_at)])
