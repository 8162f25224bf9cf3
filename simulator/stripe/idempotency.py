"""EDGE. Idempotency keys: the same request under the same key gets the first answer, even a 500."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from simulator.stripe.model.errors import Json, Refusal

FORGOTTEN_AFTER_S = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """One answer of the API, as it is sent and as it is replayed."""

    status: int
    body: Json
    request_id: str = ""
    replayed: bool = False


@dataclass(frozen=True)
class _Entry:
    path: str
    params: str
    at_s: float
    answer: Answer | None


class IdempotencyKeys:
    """The answers given under each key; for threads."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def answer(self, key: str, path: str, params: str, now_s: float, work: Callable[[], Answer]) -> Answer:
        """The first answer given under this key, or that of `work`, which is then kept.

        Raises Refusal when the key was used for another request, or is in use at this moment. What
        `work` raises is not kept: such a request did not begin.
        """
        if len(key) > LONGEST_KEY:
            message = f"Idempotency keys can be at most {LONGEST_KEY} characters long: yours has {len(key)}."
            raise Refusal(message, type="idempotency_error")
        with self._lock:
            known = self._known(key, path, params, now_s)
            if known is not None:
                return replace(known, replayed=True)
            self._entries[key] = _Entry(path, params, now_s, None)
        done: Answer | None = None
        try:
            done = work()
        finally:
            self._keep(key, done)
        return done

    def _known(self, key: str, path: str, params: str, now_s: float) -> Answer | None:
        entry = self._entries.get(key)
        if entry is None or entry.at_s < now_s - FORGOTTEN_AFTER_S:
            return None
        _check_same(key, entry, path, params)
        if entry.answer is None:
            message = (
                "There is currently another in-progress request using this Idempotent Key (that probably "
                f"means you submitted twice, and the other request is still going through): {key}. Please "
                "try again later."
            )
            raise Refusal(message, "idempotency_key_in_use", status=409, type="idempotency_error")
        return entry.answer

    def _keep(self, key: str, answer: Answer | None) -> None:
        with self._lock:
            entry = self._entries.pop(key)
            if answer is not None:
                self._entries[key] = _Entry(entry.path, entry.params, entry.at_s, answer)


def _check_same(key: str, entry: _Entry, path: str, params: str) -> None:
    if entry.path != path:
        rule = f"for the same endpoint they were first used for ('{entry.path}' vs '{path}')"
    elif entry.params != params:
        rule = "with the same parameters they were first used with"
    else:
        return
    message = (
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than '{key}' if you "
        "meant to execute a different request."
    )
    raise Refusal(message, type="idempotency_error")
