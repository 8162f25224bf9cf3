"""EDGE. The API over HTTP: who may ask, under which idempotency key, and what fails on the way."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask import Flask, Response, request
from waitress.channel import ClientDisconnected
from werkzeug.exceptions import HTTPException

from simulator.stripe.faults import Fault, Faults, rate_limited, server_error
from simulator.stripe.idempotency import Answer, IdempotencyKeys
from simulator.stripe.keeper import Keeper
from simulator.stripe.model.calls import CALLS, Call, Request
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.params import decode


@dataclass(frozen=True)
class Api:
    """What the API needs to answer: the book's keeper, the one valid key, and the ordered failures.

    `search_lag_s` is how long a change stays out of the search results.
    """

    keeper: Keeper
    api_key: str = field(repr=False)
    faults: Faults
    clock: Callable[[], float]
    search_lag_s: int
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)

    def serve(self, call: Call, object_id: str) -> Response:
        """Answer the current request."""
        self._check_key()
        fault = self.faults.take(request.method, request.path)
        if fault is not None and fault.status == 429:
            raise rate_limited()
        if fault is not None and fault.status == "timeout" and not fault.after_work:
            return self._cut_off(fault)
        answer = self._answer(call, object_id, fault)
        if fault is not None and fault.status == "timeout":
            return self._cut_off(fault)
        return _respond(answer)

    def _check_key(self) -> None:
        given = request.authorization
        token = given and (given.token or (given.parameters or {}).get("username"))
        if not token:
            raise Refusal("You did not provide an API key.", status=401)
        if not secrets.compare_digest(token.encode(), self.api_key.encode()):
            raise Refusal(f"Invalid API Key provided: ****{token[-4:]}", status=401)

    def _answer(self, call: Call, object_id: str, fault: Fault | None) -> Answer:
        pairs = (request.form if request.method == "POST" else request.args).items(multi=True)
        raw = decode(pairs)
        params = call.params(raw, "")

        def work() -> Answer:
            return self._work(call, params, object_id, fault)

        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or not key:
            return work()
        asked = json.dumps(raw, sort_keys=True)
        return self.keys.answer(key, request.path, asked, self.clock(), work)

    def _work(self, call: Call, params: Json, object_id: str, fault: Fault | None) -> Answer:
        """Do it, or fail as ordered; a refusal is an answer too, and is kept for its key."""
        failing = fault is not None and fault.status == 500
        try:
            if fault is not None and failing and not fault.after_work:
                raise server_error()
            body = self.keeper.turn(
                lambda book, now_s: call.answer(book, Request(params, object_id, now_s, self.search_lag_s))
            )
            if failing:
                raise server_error()
        except Refusal as refusal:
            return Answer(refusal.status, refusal.as_json())
        return Answer(200, body)

    def _cut_off(self, fault: Fault) -> Response:
        """Hold the connection, then drop it: the caller cannot know whether the work was done."""

        def nothing() -> Iterator[bytes]:
            self.faults.hold(fault)
            raise ClientDisconnected
            yield b""

        return Response(nothing())


def api_app(api: Api) -> Flask:
    """The API as a WSGI application."""
    app = Flask("simulator.stripe.api", static_folder=None)
    for call in CALLS:
        _route(app, api, call)
    app.register_error_handler(Refusal, lambda refusal: _respond(Answer(refusal.status, refusal.as_json())))
    app.register_error_handler(HTTPException, _unrecognised)
    return app


def _route(app: Flask, api: Api, call: Call) -> None:
    def view(object_id: str = "") -> Response:
        return api.serve(call, object_id)

    path = call.path.replace("<id>", "<object_id>")
    app.add_url_rule(path, f"{call.method} {path}", view, methods=[call.method])


def _unrecognised(problem: HTTPException) -> Response:
    status = problem.code if problem.code and problem.code < 500 else 500
    if status >= 500:  # a defect of the stand-in itself, which Flask has logged
        return _respond(Answer(500, server_error().as_json()))
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    return _respond(Answer(404, Refusal(message, status=404).as_json()))


def _respond(answer: Answer) -> Response:
    response = Response(json.dumps(answer.body, indent=2), answer.status, content_type="application/json")
    response.headers["Request-Id"] = f"req_{secrets.token_hex(7)}"
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.status == 429 or (answer.status == 500 and request.method == "POST"):
        # Asking again at once would only add to the load, or bring the kept answer back.
        response.headers["Stripe-Should-Retry"] = "false"
    if answer.status == 409:
        response.headers["Stripe-Should-Retry"] = "true"
    return response
