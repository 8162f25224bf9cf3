"""EDGE. Visits to the broker under the cabinet's name, one for each thing that it might forbid."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from controller.check.broker_probe import BrokerProbe, HungUpError, Login, ProbeFailedError
from controller.config.keys import BrokerConfig

ECHO_WITHIN_S = 0.5


class BrokerVisits:
    """What a login may do. After anything that was forbidden the next attempt has a connection of its own.

    Some brokers hang up on what they forbid, with their answer, in its place, or a moment after it. That is
    a no, if a fresh connection ends in the same way.

    Raises:
        ProbeFailedError: the login, good a moment ago, is refused, or nothing came back.
    """

    def __init__(self, config: BrokerConfig, login: Login, *, keep_session: bool) -> None:
        """With `keep_session` the session is not ours, but the cabinet's, and is left as it was."""
        self._config = config
        self._login = login
        self._keep_session = keep_session
        self._probe: BrokerProbe | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def may_publish(self, topic: str, payload: bytes) -> bool:
        """Whether a message, not retained, is taken."""
        return self._allowed(lambda probe: probe.publish(topic, payload))

    def may_subscribe(self, topic: str, *, stay: bool = False) -> bool:
        """Whether a subscription is granted; to `stay` it has to be one that the cabinet has itself.

        A broker may grant it all the same, and keep back what may not be read.
        """
        return self._allowed(lambda probe: _subscribes(probe, topic, stay=stay))

    def may_hear(self, topic: str, payload: bytes) -> bool:
        """Whether what is published to the topic comes back to one who subscribed to it."""
        return self._allowed(lambda probe: _hears(probe, topic, payload))

    def _allowed(self, attempt: Callable[[BrokerProbe], bool]) -> bool:
        for _ in range(2):
            try:
                allowed = attempt(self._visiting())
            except HungUpError:
                self._leave()
                continue
            if not allowed:
                self._leave()
            return allowed
        return False

    def _visiting(self) -> BrokerProbe:
        if self._probe is None:
            self._probe = BrokerProbe(self._config, self._login, clean_start=not self._keep_session)
            reason = self._probe.connect().reason
            if reason.is_failure:
                raise ProbeFailedError(f"it does not let {self._login.name} in any more: {reason}")
        return self._probe

    def _leave(self) -> None:
        if self._probe is not None:
            self._probe.leave()
            self._probe = None


def _subscribes(probe: BrokerProbe, topic: str, *, stay: bool) -> bool:
    granted = probe.subscribe(topic)
    if granted and not stay:
        probe.unsubscribe(topic)
    return granted


def _hears(probe: BrokerProbe, topic: str, payload: bytes) -> bool:
    if not (probe.subscribe(topic) and probe.publish(topic, payload)):
        return False
    deadline_s = time.monotonic() + ECHO_WITHIN_S
    while topic not in probe.topics and time.monotonic() < deadline_s:
        time.sleep(0.02)
    probe.unsubscribe(topic)
    return topic in probe.topics
