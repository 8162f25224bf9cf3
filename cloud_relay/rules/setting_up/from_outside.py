"""CORE. What came back from the relay's public address: an answer, or why there was none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Obstacle(StrEnum):
    """What stood in the way of an answer."""

    NO_SUCH_NAME = "no such name"
    NOBODY_LISTENS = "nobody listens"
    NO_ANSWER = "no answer"
    CUT_OFF = "cut off"
    PLAIN_HTTP = "plain HTTP"
    EXPIRED = "expired"
    OTHER_NAME = "other name"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True)
class Unreached:
    """There was no answer; `detail` is the system's own word for it."""

    obstacle: Obstacle
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, its headers by their names in small letters.

    `certificate_ends_s` is when the certificate ends, in Unix seconds; None over plain HTTP.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    certificate_ends_s: float | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The body's JSON object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def error(self) -> str:
        """What the relay says against the request; empty where it says nothing."""
        return str(self.fields.get("error", ""))

    @property
    def is_status_of_a_relay(self) -> bool:
        """Whether this is what `GET /status` answers, and not any other page."""
        return self.status == 200 and self.fields.get("message") == "API is running"

    @property
    def cached(self) -> str | None:
        """The header by which a cache says that it kept this answer; None where none says so."""
        for name in ("cf-cache-status", "x-cache", "x-cache-status"):
            if "hit" in self.headers.get(name, "").lower():
                return f"{name}: {self.headers[name]:.40}"
        age = self.headers.get("age", "0")
        return f"age: {age:.20}" if age.strip() not in ("", "0") else None
