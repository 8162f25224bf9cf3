"""EDGE. The log as lines of JSON, for programs; a terminal has them by plain_output.py."""

from __future__ import annotations

import logging

from cloud_relay.formats.log_lines import LogLine, json_line
from cloud_relay.rules.log_events import LogEvent


class JsonFormatter(logging.Formatter):
    """Each record as one line of JSON; `end` is what its handler does not add by itself."""

    def __init__(self, end: str = "") -> None:
        super().__init__()
        self._end = end

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line; a LogEvent that it has as `event` gives its fields."""
        event = getattr(record, "event", None)
        line = LogLine(
            time_s=record.created,
            level=record.levelname,
            logger=record.name,
            message=record.getMessage(),
            event=event if isinstance(event, LogEvent) else None,
            trace=self.formatException(record.exc_info) if record.exc_info else "",
            request_id=str(getattr(record, "aws_request_id", None) or ""),
        )
        return json_line(line) + self._end


def make_log_json() -> None:
    """Have whatever the process logs from now on be lines of JSON."""
    for handler in logging.getLogger().handlers:
        # That of AWS Lambda writes what it is given, and no line end.
        handler.setFormatter(JsonFormatter("" if isinstance(handler, logging.StreamHandler) else "\n"))
