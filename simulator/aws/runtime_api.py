"""EDGE. A stand-in for the Lambda Runtime API: what a function's process asks for events, and answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Self

LARGEST_PAYLOAD_BYTES = 6_291_556  # as AWS's own error names it
_BASE = "/2018-06-01/runtime"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:relay"


@dataclass(frozen=True)
class Answer:
    """What became of an event: the function's own answer, or the error that it, or AWS, reported."""

    payload: Any = None
    error: dict[str, Any] | None = None


@dataclass
class Invocation:
    """An event on its way, and where its answer goes.

    The function's time begins when it gets the event: until then `deadline_s`, in Unix seconds, is None.
    """

    event: Any
    timeout_s: float
    deadline_s: float | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: Future[Answer] = field(default_factory=Future)


class RuntimeApi:
    """The HTTP server that one process of a function talks to; `idle` is called when it begins to wait."""

    def __init__(self, idle: Callable[[], None]) -> None:
        self.events: SimpleQueue[Invocation] = SimpleQueue()
        self.init_error: dict[str, Any] | None = None
        self.current: Invocation | None = None
        self._idle = idle
        self._closed = threading.Event()
        api = self

        class Handler(_Handler):
            runtime = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="runtime API", daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def next(self) -> Invocation | None:
        """The next event, waited for; None once the server is closed."""
        if self.events.empty():
            self._idle()
        while not self._closed.is_set():
            try:
                current = self.events.get(timeout=0.05)
            except Empty:
                continue
            current.deadline_s = time.time() + current.timeout_s
            self.current = current
            return current
        return None


class _Handler(BaseHTTPRequestHandler):
    runtime: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != f"{_BASE}/invocation/next":
            return self._say(404, {"errorType": "InvalidPath", "errorMessage": self.path})
        invocation = self.runtime.next()
        if invocation is None:
            self.close_connection = True
            return None
        body = json.dumps(invocation.event).encode()
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((invocation.deadline_s or 0) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]};Sampled=0",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        return None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == f"{_BASE}/init/error":
            self.runtime.init_error = json.loads(body)
            return self._say(202, {"status": "OK"})
        invocation = self.runtime.current
        called, _, what = self.path.removeprefix(f"{_BASE}/invocation/").partition("/")
        if invocation is None or called != invocation.request_id or what not in ("response", "error"):
            return self._say(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
        if what == "error":
            return self._done(invocation, Answer(error=json.loads(body)))
        if len(body) > LARGEST_PAYLOAD_BYTES:
            words = f"Exceeded maximum allowed payload size ({LARGEST_PAYLOAD_BYTES} bytes)."
            error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": words}
            invocation.answer.set_result(Answer(error=error))
            return self._say(413, {"errorType": "RequestEntityTooLarge", "errorMessage": words})
        return self._done(invocation, Answer(payload=json.loads(body)))

    def log_message(self, format: str, *args: object) -> None: ...

    def _done(self, invocation: Invocation, answer: Answer) -> None:
        self.runtime.current = None
        # AWS has the answer before the function hears that it was taken.
        if not invocation.answer.done():
            invocation.answer.set_result(answer)
        self._say(202, {"status": "OK"})

    def _say(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
