"""CORE. What the relay and a cabinet say to each other over MQTT."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloud_relay.rules.orders import Order

KEEPALIVE_S = 15
# A broker takes the time a message waited off its expiry, but not the time in a dead link's socket
# buffers, and a dead link is noticed within two keepalives.
LINK_MARGIN_S = 2 * KEEPALIVE_S
LEAST_TIME_LEFT_S = 5
# As much as either side reads of the broker. A cabinet's own status has less than 16 KiB at its worst.
MAX_PACKET_BYTES = 16 * 1024
SIGNATURES = ("sig", "sig2")
_LONGEST_STATE = 60
_ISO_UTC = "%Y-%m-%dT%H:%M:%SZ"
# Within the margin a cabinet may not trust the time left: this has it ask us.
ASK_FOR_IT_S = 1


@dataclass(frozen=True)
class MachineStatus:
    """What a cabinet last said of itself; `state` is its own word for it."""

    online: bool
    accepting: bool
    state: str


UNREADABLE_STATUS = MachineStatus(online=True, accepting=False, state="unreadable")
# Cabinets renew their status long before the broker forgets it: without one, a machine is not there.
NO_STATUS = MachineStatus(online=False, accepting=False, state="")


def coinpulse_topic(machine_id: str) -> str:
    """Where a cabinet's credits are published."""
    return f"arcade/machine/{machine_id}/coinpulse"


def gameover_topic(machine_id: str) -> str:
    """Where a cabinet's game overs are published."""
    return f"arcade/machine/{machine_id}/gameover"


def status_topic(machine_id: str) -> str:
    """Where a cabinet's retained status is."""
    return f"arcade/machine/{machine_id}/status"


def tidied_topic(relay_tag: str) -> str:
    """Where a relay keeps for its other processes when one of them last tidied."""
    return f"arcade/relay/{relay_tag}/tidied"


def tidied_note(now_s: float) -> bytes:
    """That tidy has run just now."""
    return _json_bytes({"timestamp": iso_utc(now_s)})


def read_tidied_note(payload: bytes) -> float | None:
    """When tidy ran, in Unix seconds; None where the note cannot be read."""
    try:
        return (
            datetime.strptime(status_fields(payload)["timestamp"], _ISO_UTC).replace(tzinfo=UTC).timestamp()
        )
    except (KeyError, TypeError, ValueError):
        return None


def coinpulse(order: Order, payment_id: str, created_s: float, window_s: int) -> bytes:
    """The payload that gives the credits; the same payment always makes the same bytes.

    From the whole window and what the message's expiry leaves of it, a cabinet sees how old the payment is.
    """
    return _json_bytes(
        {
            "machineId": order.machine_id,
            "credits": order.credits,
            "timestamp": iso_utc(created_s),
            "paymentId": payment_id,
            "amount": order.amount,
            "currency": order.currency,
            "windowS": window_s,
        }
    )


def gameover(machine_id: str, now_s: float) -> bytes:
    """The payload that says a game ended."""
    return _json_bytes({"machineId": machine_id, "status": "game_over", "timestamp": iso_utc(now_s)})


def signatures(tokens: Sequence[str], payload: bytes) -> dict[str, str]:
    """The user properties that sign a payload with each of the tokens that its machine may use.

    The oldest token's is `sig`, for a cabinet that knows of no other; a new one's beside it is `sig2`.
    """
    return {name: signature(token, payload) for name, token in zip(SIGNATURES, tokens, strict=False)}


def signature(machine_token: str, payload: bytes) -> str:
    """HMAC-SHA256 of the payload under a machine's token, in hex."""
    return hmac.new(machine_token.encode(), payload, hashlib.sha256).hexdigest()


def seconds_left(window_s: int, created_s: float, now_s: float) -> int:
    """Whole seconds of the credit window left, 0 when it has passed."""
    return max(0, math.floor(window_s - max(0.0, now_s - created_s)))


def expiry_s(window_s: int, created_s: float, now_s: float, at_most_s: float = math.inf) -> int | None:
    """How long the broker may keep a coin pulse, in seconds; None when it is too late for one.

    `at_most_s` is what another clock says is left of the window.
    """
    left_s = min(seconds_left(window_s, created_s, now_s), at_most_s)
    return max(ASK_FOR_IT_S, math.floor(left_s) - LINK_MARGIN_S) if left_s >= LEAST_TIME_LEFT_S else None


def read_status(payload: bytes, machine_id: str) -> MachineStatus:
    """The status in a retained message; one that cannot be read is not accepting."""
    fields = status_fields(payload)
    if fields.get("machineId") != machine_id:
        return UNREADABLE_STATUS
    online, accepting, state = fields.get("online"), fields.get("accepting"), fields.get("state", "")
    if not (isinstance(online, bool) and isinstance(accepting, bool) and isinstance(state, str)):
        return UNREADABLE_STATUS
    if len(state) > _LONGEST_STATE:
        return UNREADABLE_STATUS
    return MachineStatus(online=online, accepting=online and accepting, state=state)


def status_fields(payload: bytes) -> dict[str, Any]:
    """What stands in a status; nothing where it is too long, or no object of JSON."""
    if len(payload) > MAX_PACKET_BYTES:
        return {}
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):  # bad UTF-8, bad JSON, or JSON a thousand levels deep
        return {}
    return fields if isinstance(fields, dict) else {}


def iso_utc(unix_s: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(unix_s, UTC).strftime(_ISO_UTC)


def iso_utc_ms(unix_s: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json_bytes(fields: dict[str, str | int]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
