"""CORE. The table of alerts: what is to be told, and how long it must have been so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fleet.rules.alert_state import BROKER, FLEET, STRIPE, Finding, Key, Machine, World
from fleet.rules.opening import is_open, is_well_open
from fleet.rules.silence import limit_s

SWITCHING_S = 600.0
"""People switch machines on a little late and off a little early."""
RETURNING_S = 60.0
"""After the broker was away, until each machine has had time to come back to it."""

_BROKEN = ("coin_line", "ledger", "coin_meter")
_NAMED = (*_BROKEN, "ready", "token", "receipts", "twin", "conflict", "broker")


@dataclass(frozen=True)
class Rule:
    """One kind of alert: its words, how long it must be so to begin and not so to end, and what to do."""

    kind: str
    title: str
    begins_after_s: float
    ends_after_s: float
    remedy: str
    judge: Callable[[Machine, float], str | None] | None = None


def _offline(machine: Machine, now: float) -> str | None:
    if machine.is_online:
        return ""
    if not is_well_open(machine.place.opening, now, SWITCHING_S):
        return None
    return "not connected to the broker"


def _not_ready(machine: Machine, now: float) -> str | None:
    if not machine.is_online:
        return None
    said = _fault(machine, "ready")
    if not said and machine.state != "not_ready":
        return ""
    return (said or "the board says that it is not ready") if is_open(machine.place.opening, now) else None


def _out_of_order(machine: Machine, now: float) -> str | None:
    if not machine.is_online:
        return None
    said = _fault(machine, *_BROKEN)
    if machine.state == "setup":
        return said or "has no configuration that can be used"
    return said or ("out of order" if machine.state == "out_of_order" else "")


def _silent(machine: Machine, now: float) -> str | None:
    limit = limit_s(machine.habit, now)
    if not machine.is_online or limit is None or machine.silent_s is None:
        return None
    if machine.silent_s <= limit:
        return ""
    return f"no sale and no coin in {machine.silent_s / 3600:.1f} open hours; it never was so long"


def _conflict(machine: Machine, now: float) -> str | None:
    said = _fault(machine, "conflict")
    if said or not machine.conflicts:
        return said if machine.is_online else None
    return f"{machine.conflicts} receipts in conflict with Stripe within a day"


def _says(*kinds: str) -> Callable[[Machine, float], str | None]:
    """What a machine says of itself; while it is away nobody knows whether that still holds."""

    def judge(machine: Machine, now: float) -> str | None:
        return _fault(machine, *kinds) if machine.is_online else None

    return judge


def _other_fault(machine: Machine, now: float) -> str | None:
    if not machine.is_online:
        return None
    return next((fault.text for fault in machine.faults if fault.kind not in _NAMED), "")


def _found(kind: str) -> Callable[[Machine, float], str | None]:
    def judge(machine: Machine, now: float) -> str | None:
        return (machine.troubles or {}).get(kind, "")

    return judge


def _money_short(machine: Machine, now: float) -> str | None:
    return machine.money_short


# What machines say of themselves: with no broker nobody knows.
_SAID = (
    Rule("offline", "offline", 20, 15, "See whether it has power and a network.", _offline),
    Rule("out_of_order", "out of order", 10, 30, "Run sudo cabinet check on it.", _out_of_order),
    Rule("not_ready", "not ready", 60, 30, "See to the board: door open, free play, no power?", _not_ready),
    Rule("token_refused", "token refused", 10, 30, "Give it a new relay.token.", _says("token")),
    Rule("not_settled", "receipts not settled", 10, 60, "See to the relay and its key.", _says("receipts")),
    Rule("conflict", "receipts in conflict", 10, 60, "Compare its sales on the Money page.", _conflict),
    Rule("twin", "two machines of one name", 10, 60, "Give each its own machine id.", _says("twin")),
    Rule("fault", "fault", 10, 60, "Run sudo cabinet check on it.", _other_fault),
    Rule("silent", "silent", 0, 0, "Try a credit: the coin slot, the QR code and the game.", _silent),
)
_FOUND = (
    Rule("money_short", "money short", 0, 0, "See the differences on the Money page.", _money_short),
    Rule("flood", "floods the fleet", 0, 60, "Was its card taken? Take its login away.", _found("flood")),
    Rule("ledger_twins", "two ledgers at once", 0, 60, "Give each its own id.", _found("ledger_twins")),
)
_OWN = (
    Rule("broker_away", "broker away", 20, 15, "See to the broker; cabinets sell nothing without it."),
    Rule("not_listening", "fleet does not listen", 20, 15, "Start python -m fleet ingest."),
    Rule("stripe_unreadable", "Stripe unreadable", 60, 0, "See to the fleet's key and network."),
    Rule("database", "database trouble", 20, 30, "See to the database and its disk."),
)

RULES = (*_SAID, *_FOUND, *_OWN)
BY_KIND = {rule.kind: rule for rule in RULES}
_SUBJECTS = {"broker_away": BROKER, "not_listening": BROKER, "stripe_unreadable": STRIPE, "database": FLEET}


def findings(world: World, now: float) -> dict[Key, Finding]:
    """Each rule's word on each machine, and on the fleet itself."""
    is_deaf = _is_deaf(world, now)
    found: dict[Key, Finding] = {}
    for machine in world.machines:
        for rule in (*_SAID, *_FOUND):
            text = None if is_deaf and rule in _SAID else _judge(rule, machine, now)
            since_at = machine.since_at if rule.kind == "offline" else None
            found[machine.machine_id, rule.kind] = Finding(text, since_at, machine.place.number)
    return found | _of_the_fleet(world)


def _judge(rule: Rule, machine: Machine, now: float) -> str | None:
    return rule.judge(machine, now) if rule.judge is not None else None


def _is_deaf(world: World, now: float) -> bool:
    broker = world.broker
    return broker is not None and (not broker.is_heard or now < broker.since_at + RETURNING_S)


def _of_the_fleet(world: World) -> dict[Key, Finding]:
    found = {(subject, kind): Finding("") for kind, subject in _SUBJECTS.items()}
    if world.broker is None:
        found[BROKER, "broker_away"] = found[BROKER, "not_listening"] = Finding(None)
    elif not world.broker.is_heard:
        kind = "broker_away" if world.broker.trouble else "not_listening"
        text = world.broker.trouble or "no ingester has said anything for a minute"
        found[BROKER, kind] = Finding(text, world.broker.since_at)
    for kind, subject, text in world.troubles:
        if (subject, kind) in found:
            found[subject, kind] = Finding(text)
    return found


def _fault(machine: Machine, *kinds: str) -> str:
    return next((fault.text for fault in machine.faults if fault.kind in kinds), "")
