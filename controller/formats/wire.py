"""CORE. What goes over MQTT: topics, payloads and signatures, to and from the daemon's own terms."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any

from controller.model.fault import Fault
from controller.model.payment import Payment
from controller.model.session import GameOver

MACHINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PAYMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
CURRENCY = re.compile(r"[a-z]{3}")
MAX_PAYLOAD_BYTES = 4096
MAX_CREDITS = 100
# Twelve digits is the most that Stripe takes in any currency; what the ledger cannot hold must not reach it.
MAX_AMOUNT = 10**12 - 1
# A status stays far below the 16 KiB that the broker and the relay take, whatever an error's text may be.
MAX_FAULTS, MAX_FAULT_CHARS = 16, 150
# The longest credit window that the relay can be set to: no message is older.
MAX_WINDOW_S = 3600
# The ancestor's messages do not say how old they are; the broker's own expiry is not set on them either.
UNSIGNED_WINDOW_S = 180.0


class Refused(ValueError):
    """A message that is not a payment for this machine; the text says why."""


class SignedByAnother(Refused):
    """A message none of whose signatures was made with our token."""


@dataclass(frozen=True)
class CoinPulseMessage:
    """A `coinpulse` as the broker handed it over; `expiry_s` is what was left of MQTT's message expiry.

    While the relay's secret is changed, it signs with our new token, too: `second_signature`.
    """

    payload: bytes
    retained: bool
    expiry_s: int | None
    signature: str | None
    second_signature: str | None = None


@dataclass(frozen=True)
class PaidPulses:
    """What a `coinpulse` says: the payment, the seconds left of its credit window, and the whole window.

    Either time is None where the message does not say.
    """

    payment: Payment
    time_left_s: float | None
    window_s: float | None


@dataclass(frozen=True)
class Reader:
    """What it takes to tell a payment from anything else."""

    machine_id: str
    token: str | None = field(repr=False)
    accept_unsigned: bool

    def read(self, message: CoinPulseMessage) -> PaidPulses:
        """The payment in a message, and its times.

        Raises:
            Refused: it is no payment for this machine.
        """
        if message.retained:
            raise Refused("retained: a coin pulse is for now, not for whoever comes later")
        fields = _parse(message.payload)
        _check_machine(fields, self.machine_id)
        credits = _credits(fields)
        if self._is_signed(message) and "paymentId" in fields:
            return PaidPulses(read_payment(fields), message.expiry_s, _window_s(fields))
        if not self.accept_unsigned:
            raise Refused(
                "unsigned or without paymentId, and accept_unsigned_coinpulse is not true in config.yaml"
            )
        left_s = UNSIGNED_WINDOW_S if message.expiry_s is None else message.expiry_s
        return PaidPulses(_unsigned_payment(message.payload, credits), left_s, None)

    def _is_signed(self, message: CoinPulseMessage) -> bool:
        given = [each for each in (message.signature, message.second_signature) if each is not None]
        if given and not any(self._is_ours(signature, message.payload) for signature in given):
            raise SignedByAnother("signature is wrong: is relay.token the one that the relay issued?")
        return bool(given)

    def _is_ours(self, signature: str, payload: bytes) -> bool:
        if self.token is None:
            return False
        return hmac.compare_digest(signature.encode(), sign(self.token, payload).encode())


def read_payment(fields: dict[str, Any]) -> Payment:
    """The payment in a message or a list of the relay's.

    Raises:
        Refused: a field is missing or wrong.
    """
    return _signed_payment(fields, _credits(fields))


def sign(token: str, payload: bytes) -> str:
    """HMAC-SHA256 of a payload under the machine's token, in hex."""
    return hmac.new(token.encode(), payload, hashlib.sha256).hexdigest()


def token_tag(token: str) -> str:
    """What shows the relay's operator which token we use, and nobody the token itself."""
    return sign(token, b"token tag")[:16]


def coinpulse_topic(machine_id: str) -> str:
    """Where the relay sends credits."""
    return f"arcade/machine/{machine_id}/coinpulse"


def gameover_topic(machine_id: str) -> str:
    """Where the cabinet says that a game ended."""
    return f"arcade/machine/{machine_id}/gameover"


def status_topic(machine_id: str) -> str:
    """Where the cabinet says how it is."""
    return f"arcade/machine/{machine_id}/status"


def journal_topic(machine_id: str) -> str:
    """Where the cabinet tells the fleet what happened."""
    return f"arcade/machine/{machine_id}/journal"


def journal_seen_topic(machine_id: str) -> str:
    """Where a fleet says what of that it has."""
    return f"arcade/machine/{machine_id}/journal/seen"


def gameover_payload(machine_id: str, ended: GameOver, timestamp: str) -> bytes:
    """The message that a game ended."""
    return _encode(
        {
            "machineId": machine_id,
            "status": "game_over",
            "timestamp": timestamp,
            "sessionId": ended.session_id,
            "game": ended.game,
            "credits": ended.credits,
            "durationS": ended.duration_s,
        }
    )


@dataclass(frozen=True)
class Status:
    """How the cabinet is; `accepting` means that a payment made now would be credited.

    `token_tag` shows which token it uses; None without one.
    """

    machine_id: str
    online: bool
    accepting: bool
    state: str
    credits: int
    version: str
    boot_id: str
    faults: tuple[Fault, ...]
    conflicts: int = 0
    coins: int = 0
    token_tag: str | None = None

    def payload(self, timestamp: str) -> bytes:
        """The retained message that says so; the worst faults come first, and long texts are cut."""
        told = self.faults[:MAX_FAULTS]
        tag = {} if self.token_tag is None else {"tokenTag": self.token_tag}
        return _encode(
            {
                "machineId": self.machine_id,
                "online": self.online,
                "accepting": self.accepting,
                "state": self.state,
                "credits": self.credits,
                "version": self.version,
                "bootId": self.boot_id,
                "timestamp": timestamp,
                "faults": [fault.text[:MAX_FAULT_CHARS] for fault in told],
                "faultKinds": [fault.kind for fault in told],
                "conflicts": self.conflicts,
                "coins": self.coins,
                **tag,
            }
        )


def offline_status(machine_id: str, version: str, boot_id: str, token_tag: str | None = None) -> Status:
    """What the broker says of us once we are gone: the last will, and our own farewell."""
    return Status(machine_id, False, False, "offline", 0, version, boot_id, (), token_tag=token_tag)


def _encode(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def _parse(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Refused(f"payload has {len(payload)} bytes, more than {MAX_PAYLOAD_BYTES}")
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Refused(f"payload is not JSON: {type(error).__name__}") from error
    if not isinstance(fields, dict):
        raise Refused(f"payload is a JSON {type(fields).__name__}, not an object")
    return fields


def _check_machine(fields: dict[str, Any], machine_id: str) -> None:
    if fields.get("machineId") != machine_id:
        raise Refused(f"machineId is {_short(fields.get('machineId'))}, we are {machine_id!r}")


def _credits(fields: dict[str, Any]) -> int:
    credits = fields.get("credits")
    if type(credits) is not int or not 1 <= credits <= MAX_CREDITS:
        raise Refused(f"credits is {_short(credits)}, not a whole number from 1 to {MAX_CREDITS}")
    return credits


def _window_s(fields: dict[str, Any]) -> float | None:
    # Only a help to ask the relay less often: a strange one is as good as none.
    window_s = fields.get("windowS")
    return float(window_s) if type(window_s) is int and 0 < window_s <= MAX_WINDOW_S else None


def _signed_payment(fields: dict[str, Any], credits: int) -> Payment:
    payment_id, amount, currency = (fields.get(k) for k in ("paymentId", "amount", "currency"))
    if not isinstance(payment_id, str) or not PAYMENT_ID.fullmatch(payment_id):
        raise Refused(f"paymentId is {_short(payment_id)}, not a payment's id")
    if amount is not None and (type(amount) is not int or not 0 <= amount <= MAX_AMOUNT):
        raise Refused(f"amount is {_short(amount)}, not a whole number of minor units")
    if currency is not None and not (isinstance(currency, str) and CURRENCY.fullmatch(currency)):
        raise Refused(f"currency is {_short(currency)}, not three small letters")
    return Payment(payment_id, credits, amount, currency, has_receipt=True)


def _unsigned_payment(payload: bytes, credits: int) -> Payment:
    # It names no payment that we could trust, so the message is its own name: the same bytes are one payment.
    name = "unsigned-" + hashlib.sha256(payload).hexdigest()[:32]
    return Payment(name, credits, None, None, has_receipt=False)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
