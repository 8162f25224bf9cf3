"""EDGE. A function as AWS runs it: one process of AWS's own runtime client, frozen whenever it waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from simulator.aws.runtime_api import LARGEST_PAYLOAD_BYTES, Answer, Invocation, RuntimeApi

ROOT = Path(__file__).parent.parent.parent
HANDLER = "cloud_relay.lambda_handler.handler"
_READY_WITHIN_S = 10.0  # what AWS allows a function's beginning


@dataclass
class AwsFunction:
    """A function of `environment`, whose process is begun at its first event, and again once it has died.

    Its log, in `log_file`, is what CloudWatch would be given. `timeout_s` is the function's; a process that
    takes longer is killed. `answered_at_s` is when its last answer came, by `time.perf_counter`. Used from
    one thread, as AWS gives one process one event at a time.
    """

    environment: Mapping[str, str]
    log_file: Path
    timeout_s: float = 60.0
    memory_mb: int = 512
    handler: str = HANDLER
    answered_at_s: float = field(default=0.0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _api: RuntimeApi | None = field(default=None, init=False, repr=False)
    _freezing: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _waits: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def log(self) -> str:
        """All that its processes have said."""
        return self.log_file.read_text() if self.log_file.exists() else ""

    def invoke(self, event: Any) -> Answer:
        """Hand over one event, and give the answer; afterwards the process is frozen."""
        if self.pid is None:
            self._begin()
        assert self._api is not None  # noqa: S101
        invocation = Invocation(event, self.timeout_s)
        self._thaw_for(invocation)
        try:
            return self._answer(invocation)
        finally:
            deadline_s = time.monotonic() + _READY_WITHIN_S
            while self.pid is not None and time.monotonic() < deadline_s and not self._waits.wait(0.02):
                pass

    def is_frozen(self) -> bool:
        """Whether its process is stopped, as the kernel says."""
        return _state(self.pid) == "T"

    def end(self) -> None:
        """Take the process away, as AWS does with one that was not called for a while."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None
        if self._api is not None:
            self._api.__exit__()
            self._api = None

    def _begin(self) -> None:
        self.end()
        self._waits.clear()
        self._api = RuntimeApi(self._freeze).__enter__()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", self.handler],
                cwd=ROOT,
                env=self._variables(self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _variables(self, address: str) -> dict[str, str]:
        lambdas_own = {
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_LAMBDA_FUNCTION_NAME": "relay",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/relay",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": str(ROOT),
            "TZ": ":UTC",
            "PATH": os.environ["PATH"],
        }
        return {**lambdas_own, **self.environment}

    def _thaw_for(self, invocation: Invocation) -> None:
        assert self._api is not None  # noqa: S101
        with self._freezing:
            self._waits.clear()
            self._api.events.put(invocation)
            self._signal(signal.SIGCONT)

    def _freeze(self) -> None:
        """It waits for its next event, which is not there yet."""
        with self._freezing:
            if self._api is not None and self._api.events.empty():
                self._signal(signal.SIGSTOP)
                while self.pid is not None and not self.is_frozen():
                    time.sleep(0.001)
                self._waits.set()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _answer(self, invocation: Invocation) -> Answer:
        begun_by_s = time.time() + _READY_WITHIN_S
        while time.time() < (invocation.deadline_s or begun_by_s):
            with suppress(FutureTimeout):
                answer = invocation.answer.result(0.05)
                self.answered_at_s = time.perf_counter()
                return answer
            if self.pid is None:
                return self._died()
        self.end()
        words = f"{invocation.request_id} Task timed out after {self.timeout_s:.2f} seconds"
        return Answer(error={"errorType": "Sandbox.Timedout", "errorMessage": words})

    def _died(self) -> Answer:
        assert self._api is not None  # noqa: S101
        assert self._process is not None  # noqa: S101
        if self._api.init_error:
            return Answer(error=self._api.init_error)
        words = f"Runtime exited with exit status: {self._process.returncode}"
        return Answer(error={"errorType": "Runtime.ExitError", "errorMessage": words})


def is_too_large(event_bytes: bytes) -> bool:
    """Whether AWS would refuse to hand it over."""
    return len(event_bytes) > LARGEST_PAYLOAD_BYTES


def _state(pid: int | None) -> str:
    """The kernel's letter for a process: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if pid else ""
