"""CORE. How far the relay can be counted on: a machine whose money nobody can settle must not sell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from controller.model.fault import Fault, FaultKind

# So long may a receipt wait, or the relay be silent, before nothing more is sold.
LONGEST_UNSETTLED_S = 3600.0
LONG_AGO_S: Final = float("-inf")
# What the relay is asked, beside receipts, which are called by their payment's id.
OFFER, OPEN_PAYMENTS = "offer", "open payments"


class Refusal(StrEnum):
    """How somebody who does answer at the relay's address refuses what was asked."""

    TOKEN = "token"  # noqa: S105 - no secret
    """The token is not, or not any more, one of this machine."""
    OTHER = "other"
    """Who answers is no relay, or one that will not do it: asked again, it would say the same."""


@dataclass(frozen=True)
class Refused:
    """A question that was last answered with a refusal, and the reason in the relay's words."""

    question: str
    refusal: Refusal
    reason: str


@dataclass(frozen=True)
class Unsettled:
    """Since when receipts have failed, in seconds since the boot `boot_id`."""

    boot_id: str
    since_s: float


@dataclass(frozen=True)
class Trust:
    """What the relay refuses; and since when (seconds since boot) it is silent, or each receipt has failed.

    `signed_by_another`: a coin pulse on our own topic bore another token's signature, and the relay, asked
    with ours, has not answered since. It is to be asked at `check_due_s`, and was at `checked_s`. `failing`
    is by payment, `LONG_AGO_S` for what an earlier boot left.
    """

    refused: tuple[Refused, ...] = ()
    signed_by_another: bool = False
    check_due_s: float | None = None
    checked_s: float = LONG_AGO_S
    silent_since_s: float | None = None
    failing: tuple[tuple[str, float], ...] = ()

    @property
    def failing_since_s(self) -> float | None:
        """Since when the oldest receipt that the relay has not settled has failed."""
        return min((since_s for _, since_s in self.failing), default=None)

    @property
    def refuses_token(self) -> bool:
        """Whether the relay last refused our token, at whatever it was asked."""
        return any(each.refusal is Refusal.TOKEN for each in self.refused)

    def without(self, question: str) -> Trust:
        """As it is once a question was not refused."""
        return replace(self, refused=tuple(each for each in self.refused if each.question != question))

    def reasons_to_close(self, now_s: float) -> tuple[Fault, ...]:
        """Why a payment made now might not be credited, or not be settled; the worst first."""
        troubles = (
            (FaultKind.TOKEN, self._token_trouble()),
            (FaultKind.RECEIPTS, self._receipts_trouble(now_s)),
            (FaultKind.RELAY, self._relay_trouble(now_s)),
        )
        return tuple(Fault(kind, text) for kind, text in troubles if text)

    def _token_trouble(self) -> str | None:
        if self.refuses_token:
            return "token: the relay refuses relay.token"
        if self.signed_by_another:
            return "token: a coin pulse was signed with another token than relay.token"
        return None

    def _receipts_trouble(self, now_s: float) -> str | None:
        refused = [each for each in self._others if each.question not in (OFFER, OPEN_PAYMENTS)]
        if refused:
            return f"receipts: the relay refuses {_counted(len(refused))}: {refused[0].reason}"
        late = sum(now_s >= since_s + LONGEST_UNSETTLED_S for _, since_s in self.failing)
        return f"receipts: {_counted(late)} not settled for more than an hour" if late else None

    def _relay_trouble(self, now_s: float) -> str | None:
        refused = [each for each in self._others if each.question in (OFFER, OPEN_PAYMENTS)]
        if refused:
            return f"relay: {refused[0].reason}"
        silent = self.silent_since_s is not None and now_s >= self.silent_since_s + LONGEST_UNSETTLED_S
        return "relay: not reached for more than an hour" if silent else None

    @property
    def _others(self) -> list[Refused]:
        return [each for each in self.refused if each.refusal is Refusal.OTHER]


def _counted(receipts: int) -> str:
    return "1 receipt" if receipts == 1 else f"{receipts} receipts"
