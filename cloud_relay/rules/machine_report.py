"""CORE. What a machine's retained status shows its operator."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.marks import Mark, MarkKind
from cloud_relay.rules.messages import MachineStatus, read_status, status_fields
from cloud_relay.rules.orders import is_machine_id

# A cabinet has a few faults; whoever stole one may list thousands.
_LONGEST_SHOWN, _MOST_FAULTS_SHOWN = 60, 8


@dataclass(frozen=True)
class MachineReport:
    """One machine as it last described itself; what it did not say, or said wrongly, is left empty.

    `last_seen` is the status's own time. A last will carries the time at which its cabinet connected.
    `token_tag` tells which token it uses; older cabinets do not say it.
    """

    status: MachineStatus
    last_seen: str
    version: str
    faults: tuple[str, ...]
    token_tag: str = ""

    @property
    def state(self) -> str:
        """The machine's own word for its state, and whether it sells."""
        if not self.status.online:
            return "offline"
        return f"{_shown(self.status.state)}, {'' if self.status.accepting else 'not '}accepting"


@dataclass(frozen=True)
class MachineReports:
    """How machines last described themselves, by machine id; not `complete` if there may be more."""

    by_id: dict[str, MachineReport]
    complete: bool


@dataclass(frozen=True)
class Machine:
    """A machine that is configured, heard of, or has payments with notes; `report` None if not heard of."""

    machine_id: str
    name: str
    report: MachineReport | None
    marks: tuple[Mark, ...]

    def marked(self, *kinds: MarkKind) -> list[Mark]:
        """The notes of these kinds."""
        return [mark for mark in self.marks if mark.kind in kinds]


def read_report(payload: bytes, machine_id: str) -> MachineReport:
    """The report in a retained status; one that cannot be read is not accepting."""
    fields = status_fields(payload)
    return MachineReport(
        status=read_status(payload, machine_id),
        last_seen=_shown(fields.get("timestamp")),
        version=_shown(fields.get("version")),
        faults=_shown_faults(fields.get("faults")),
        token_tag=_shown(fields.get("tokenTag")),
    )


def machine_in(status_topic: str) -> str | None:
    """The machine whose status topic this is; None where that is no machine id."""
    machine_id = status_topic.removeprefix("arcade/machine/").removesuffix("/status")
    return machine_id if is_machine_id(machine_id) else None


def _shown_faults(faults: object) -> tuple[str, ...]:
    if not isinstance(faults, list):
        return ()
    shown = tuple(_shown(fault) for fault in faults[:_MOST_FAULTS_SHOWN])
    more = len(faults) - len(shown)
    return (*shown, f"and {more} more") if more else shown


def _shown(value: object) -> str:
    """Safe on a terminal: a stolen cabinet's text must not move the operator's cursor."""
    if value is None:
        return ""
    text = value if isinstance(value, str) and value.isprintable() else repr(value)
    return text[:_LONGEST_SHOWN]
