"""EDGE. What machines said last of themselves, and every change of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from cloud_relay.rules.messages import read_status, status_fields
from fleet.book import tables
from fleet.book.came.meeting import meet
from fleet.book.database.dialect import put

_MOST_BYTES = 8192


def record_statuses(connection: Connection, heard: Sequence[tuple[str, bytes, float]]) -> None:
    """Write down (machine id, payload, when it was heard), in their order."""
    machines = sorted({machine_id for machine_id, _, _ in heard})
    if not machines:
        return
    meet(connection, machines, min(each[2] for each in heard))
    known = _known(connection, machines)
    rows: dict[str, dict[str, Any]] = {}
    changes = []
    for machine_id, payload, heard_at in heard:
        row = _row(machine_id, payload, heard_at)
        before = rows.get(machine_id) or known.get(machine_id)
        if before is not None and _state(before) == _state(row):
            row["since_at"] = before["since_at"]
        else:
            changes.append({name: row[name] for name in _CHANGE})
        rows[machine_id] = row
    put(connection, tables.statuses, list(rows.values()))
    if changes:
        connection.execute(tables.sightings.insert(), changes)


_CHANGE = ("machine_id", "is_online", "is_accepting", "state", "heard_at")


def _known(connection: Connection, machines: Sequence[str]) -> dict[str, dict[str, Any]]:
    table = tables.statuses
    found: Sequence[Row[Any]] = connection.execute(
        select(table).where(table.c.machine_id.in_(machines))
    ).all()
    return {row.machine_id: dict(row._mapping) for row in found}


def _state(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["is_online"], row["is_accepting"], row["state"]


def _row(machine_id: str, payload: bytes, heard_at: float) -> dict[str, Any]:
    status, fields = read_status(payload, machine_id), status_fields(payload)
    version = fields.get("version")
    return {
        "machine_id": machine_id,
        "is_online": status.online,
        "is_accepting": status.accepting,
        "state": _plain(status.state)[:32],
        "version": _plain(version)[:64] if isinstance(version, str) else "",
        "body": _plain(payload[:_MOST_BYTES].decode(errors="replace")),
        "heard_at": heard_at,
        "since_at": heard_at,
    }


def _plain(text: str) -> str:
    """Without what a database does not take."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
