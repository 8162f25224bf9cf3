"""EDGE. A function's environment, with what Parameter Store holds laid over it, read again now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from cloud_relay.aws.calls import AwsCalls
from cloud_relay.aws.parameters import Parameters, ParametersUnreadable

PATH_VARIABLE = "SETTINGS_PATH"
FRESH_S = 300.0

log = logging.getLogger(__name__)


class StoredEnvironment:
    """What a function is given: its environment alone, or with the parameters below its `SETTINGS_PATH`.

    A parameter wins over a variable of the same name. `clock` gives Unix seconds: they go on while the
    function is frozen.
    """

    def __init__(self, own: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._own = own
        path = own.get(PATH_VARIABLE, "").strip()
        self._stored = Parameters(path, AwsCalls(own)) if path else None
        self._clock = clock
        self._read_at_s = float("-inf")
        self._values: Mapping[str, str] | None = None

    def now(self) -> Mapping[str, str]:
        """The environment; what is older than five minutes is read anew.

        Raises:
            ParametersUnreadable: the first reading failed. Later ones leave what was known in force.
        """
        if self._stored is None:
            return self._own
        if self._values is None or not 0 <= self._clock() - self._read_at_s < FRESH_S:
            self._values = self._read(self._stored)
            self._read_at_s = self._clock()
        return self._values

    def forget(self) -> None:
        """Have the next `now` read again, for what is known is of no use."""
        self._values = None

    def explained(self, problems: str) -> str:
        """The words of a SettingsError, with where each setting is kept."""
        if self._stored is None:
            return problems
        example, command = f"{self._stored.path}/RELAY_SECRET", "python -m cloud_relay setup aws"
        return f"{problems}\nEach is a parameter such as {example}: `{command}` stores them."

    def _read(self, stored: Parameters) -> Mapping[str, str]:
        try:
            return {**self._own, **stored.read()}
        except ParametersUnreadable as why:
            if self._values is None:
                raise
            log.error("Went on with the settings known before. %s", why)
            return self._values
