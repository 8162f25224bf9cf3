"""CORE. One line of the log as JSON: whatever stands in it, it is one line, of ASCII, and not endless."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cloud_relay.rules.log_events import LogEvent
from cloud_relay.rules.messages import iso_utc_ms

MOST_OF_A_MESSAGE, MOST_OF_A_FIELD, MOST_OF_A_TRACE = 2000, 200, 8000


@dataclass(frozen=True)
class LogLine:
    """What is known of one line, time in Unix seconds; `request_id` is AWS's own name for a call."""

    time_s: float
    level: str
    logger: str
    message: str
    event: LogEvent | None = None
    trace: str = ""
    request_id: str = ""


def json_line(line: LogLine) -> str:
    """The line: its event's name and fields stand beside what each line has, and cannot take its place."""
    fields = _of_event(line.event) | {
        "time": iso_utc_ms(line.time_s),
        "level": line.level,
        "logger": line.logger[:MOST_OF_A_FIELD],
        "message": line.message[:MOST_OF_A_MESSAGE],
    }
    if line.request_id:
        fields["request_id"] = line.request_id[:MOST_OF_A_FIELD]
    if line.trace:
        fields["trace"] = line.trace[-MOST_OF_A_TRACE:]  # what was raised stands at its end
    return json.dumps(fields)


def _of_event(event: LogEvent | None) -> dict[str, str | int]:
    if event is None:
        return {}
    return {key: _short(value) for key, value in event.fields.items()} | {"event": event.name.value}


def _short(value: str | int) -> str | int:
    return str(value)[:MOST_OF_A_FIELD] if isinstance(value, str) else value
