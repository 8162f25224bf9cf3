"""EDGE. What a login may do at the broker, one attempt after the other."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from cloud_relay.broker.visit import HungUp, Visit, Visitor
from cloud_relay.errors import BrokerUnavailable
from cloud_relay.settings import MqttSettings

# What no reader takes for a status, a game over or a coin pulse.
MARK = b'{"status": "check"}'


class Visits:
    """After anything that was forbidden the next attempt has a connection of its own.

    Some brokers hang up on what they forbid, with their answer, in its place, or a moment after it. That is
    a no, if a fresh connection ends in the same way.

    Raises:
        BrokerUnavailable: the login, good a moment ago, is refused, or nothing came back.
    """

    def __init__(self, mqtt: MqttSettings, visitor: Visitor) -> None:
        self._mqtt, self._visitor = mqtt, visitor
        self._visit: Visit | None = None
        self.reason: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def may_publish(self, topic: str, *, retain: bool = False, payload: bytes = MARK) -> bool:
        """Whether a message is taken, and for what `reason`; nobody there to hear it (16) is no refusal."""

        def attempt(visit: Visit) -> bool:
            reason = visit.publish(topic, payload, retain=retain)
            self.reason = reason.value
            return not reason.is_failure

        return self._allowed(attempt)

    def may_subscribe(self, topic: str) -> bool:
        """Whether a subscription is granted; some brokers grant each, and keep back what may not be read."""
        return self._allowed(lambda visit: visit.subscribe(topic))

    def _allowed(self, attempt: Callable[[Visit], bool]) -> bool:
        for _ in range(2):
            try:
                allowed = attempt(self._visiting())
            except HungUp:
                self._leave()
                continue
            if not allowed:
                self._leave()
            return allowed
        return False

    def _visiting(self) -> Visit:
        if self._visit is None:
            self._visit = Visit(self._mqtt, self._visitor)
            reason = self._visit.connect().reason
            if reason.is_failure:
                raise BrokerUnavailable(f"it does not let {self._visitor.name} in any more: {reason}")
        return self._visit

    def _leave(self) -> None:
        if self._visit is not None:
            self._visit.__exit__(None, None, None)
            self._visit = None
