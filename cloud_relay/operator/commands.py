"""EDGE. What an operator types in a terminal; each command writes to `out` and gives the exit status."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TextIO

from cloud_relay.operator.table import table
from cloud_relay.relay import Relay
from cloud_relay.rules.machine_report import Machine, MachineReport
from cloud_relay.rules.marks import Mark, MarkKind
from cloud_relay.rules.open_list import OPEN_HEAD, open_row
from cloud_relay.rules.tidy_rules import Rules
from cloud_relay.settling.refund import refund
from cloud_relay.settling.tidy import TidyOutcome, summary, tidy
from cloud_relay.settling.tidy_told import in_words

log = logging.getLogger(__name__)

_MAY_BE_INCOMPLETE = (
    "The list may be incomplete: the broker did not send every machine's status. Try again; if it stays so, "
    "raise what the broker sends at once (Mosquitto: max_queued_messages and max_queued_bytes; EMQX: "
    "retainer.delivery_rate)."
)
_MACHINES_HEAD = ("machine", "name", "state", "last seen", "version", "faults")
# What is counted of each machine, by the kinds of notes on its payments.
_COUNTED = {
    "conflicts": (MarkKind.CONFLICT,),
    "disputes": (MarkKind.DISPUTE, MarkKind.FRAUD_WARNING),
    "refunds": (MarkKind.REFUND,),
    "unsellable": (MarkKind.UNSELLABLE,),
}


def tidy_once(relay: Relay, out: TextIO) -> int:
    """Run tidy once: a line for each open payment, and how many of each; 1 if one of them failed."""
    done = tidy(relay)
    for one in done:
        out.write(f"{one.payment.payment_id} of {one.payment.machine_id}: {one.outcome}, {one.why}\n")
    out.write(in_words(summary(done)) + "\n")
    return int(any(one.outcome is TidyOutcome.FAILED for one in done))


def list_open(relay: Relay, out: TextIO, *, as_json: bool) -> int:
    """List what Stripe holds open, oldest last."""
    rules = Rules(relay.settings.credit_window_s, relay.settings.release_after_s)
    now_s = relay.clock()
    pages = relay.book.all_pages()
    rows = [open_row(payment, rules, now_s) for page in pages for payment in page]
    if as_json:
        _write_json(out, [row.as_json for row in rows])
    else:
        out.write(table(OPEN_HEAD, [row.cells for row in rows]) if rows else "Nothing is open.\n")
    return 0


def list_machines(relay: Relay, out: TextIO, *, as_json: bool) -> int:
    """List every machine: how it last described itself, and what was noted of its payments in thirty days.

    Gives 1 if the broker did not name them all in time, and says so in the log.
    """
    # Both take seconds: the one waits for Stripe, the other for the broker.
    with ThreadPoolExecutor(max_workers=1) as beside:
        marking = beside.submit(relay.stripe().marks, relay.clock())
        reports = relay.publisher.machine_reports()
        marks = marking.result()
    if not reports.complete:
        log.warning("%s", _MAY_BE_INCOMPLETE)
    machines = _machines(relay, reports.by_id, marks)
    if as_json:
        _write_json(out, [_machine_json(machine) for machine in machines])
    else:
        out.write(table((*_MACHINES_HEAD, *_COUNTED), [_machine_cells(machine) for machine in machines]))
        for mark in sorted(marks, key=lambda mark: mark.machine_id):
            out.write(mark.line + "\n")
    return 0 if reports.complete else 1


def refund_one(relay: Relay, payment_id: str, out: TextIO) -> int:
    """Give back what is left of one payment."""
    out.write(refund(relay, payment_id) + "\n")
    return 0


def _machines(relay: Relay, reports: Mapping[str, MachineReport], marks: list[Mark]) -> list[Machine]:
    noted: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        noted[mark.machine_id].append(mark)
    offers = relay.settings.offers
    names = sorted({*reports, *offers.machines, *(mark.machine_id for mark in marks if mark.machine_id)})
    return [Machine(name, offers.of(name).name, reports.get(name), tuple(noted[name])) for name in names]


def _machine_cells(machine: Machine) -> tuple[str, ...]:
    report = machine.report
    counts = tuple(str(len(machine.marked(*kinds))) for kinds in _COUNTED.values())
    if report is None:
        return (machine.machine_id, machine.name, "not heard of", "", "", "", *counts)
    faults = "; ".join(report.faults)
    said = (report.state, report.last_seen, report.version, faults)
    return (machine.machine_id, machine.name, *said, *counts)


def _machine_json(machine: Machine) -> dict[str, object]:
    report = machine.report
    return {
        "machineId": machine.machine_id,
        "name": machine.name,
        "heardOf": report is not None,
        "online": report is not None and report.status.online,
        "accepting": report is not None and report.status.accepting,
        "state": report.status.state if report else None,
        "lastSeen": report.last_seen if report else None,
        "version": report.version if report else None,
        "faults": list(report.faults) if report else [],
        "conflicts": [
            {"paymentId": mark.payment_id, "said": mark.text} for mark in machine.marked(MarkKind.CONFLICT)
        ],
        "notes": [
            {"kind": mark.kind.value, "paymentId": mark.payment_id, "text": mark.text}
            for mark in machine.marks
            if mark.kind is not MarkKind.CONFLICT
        ],
    }


def _write_json(out: TextIO, rows: list[dict[str, str | int]] | list[dict[str, object]]) -> None:
    out.write(json.dumps(rows, indent=2) + "\n")
