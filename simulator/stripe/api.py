"""EDGE. The API over HTTP: who may ask, under which idempotency key, and what fails on the way."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flask import Flask, Response, request
from waitress.channel import ClientDisconnected
from werkzeug.exceptions import HTTPException

from simulator.stripe.answers import respond
from simulator.stripe.faults import Fault, Faults, locked, rate_limited, server_error
from simulator.stripe.idempotency import Answer, IdempotencyKeys
from simulator.stripe.keeper import Keeper
from simulator.stripe.keys import ApiKeys
from simulator.stripe.model.calls import CALLS, Call, Request
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.params import decode
from simulator.stripe.model.permissions import check_permission, collection_of, expanded_by
from simulator.stripe.pace import STRIPES_PACE, Pace
from simulator.stripe.reads import Reads

_TOO_MANY = {429: rate_limited, "lock_timeout": locked}


@dataclass(frozen=True)
class Api:
    """What the API needs to answer: the book's keeper, the valid keys, the ordered failures, its pace."""

    keeper: Keeper
    api_keys: ApiKeys
    faults: Faults
    clock: Callable[[], float]
    pace: Pace = STRIPES_PACE
    reads: Reads = field(default_factory=Reads)
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)

    def serve(self, call: Call, object_id: str) -> Response:
        """Answer the current request."""
        if call.read_kind is not None:
            self.reads.note(call.read_kind, collection_of(request.path))
        params, asked = self._checked(call)
        fault = self.faults.take(request.method, request.path)
        if fault is not None and fault.status in _TOO_MANY:
            raise _TOO_MANY[fault.status]()
        if fault is not None and fault.status == "timeout" and not fault.after_work:
            return self._cut_off(fault)
        answer = self._answer(call, Request(params, object_id, 0, self.pace.search_lag_s), asked, fault)
        is_page = call.read_kind in ("list", "search")
        self.faults.pause(self.pace.list_page_s + self.faults.page_takes_s if is_page else self.pace.call_s)
        if fault is not None and fault.status == "timeout":
            return self._cut_off(fault)
        return respond(answer, self.clock())

    def _checked(self, call: Call) -> tuple[Json, str]:
        """The parameters of a request that may be made, as they are meant and as they were sent."""
        key = _given_key()
        permissions = self.api_keys.permissions(key)
        account_id = self.keeper.account.id
        check_permission(permissions, request.method, request.path, [], key, account_id)
        raw = decode((request.form if request.method == "POST" else request.args).items(multi=True))
        params = call.params(raw, "")
        expanded = expanded_by(params)
        check_permission(permissions, request.method, request.path, expanded, key, account_id)
        return params, json.dumps(raw, sort_keys=True)

    def _answer(self, call: Call, asked: Request, raw: str, fault: Fault | None) -> Answer:
        def work() -> Answer:
            return self._work(call, asked, fault)

        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or not key:
            return work()
        return self.keys.answer(key, request.path, raw, self.clock(), work)

    def _work(self, call: Call, asked: Request, fault: Fault | None) -> Answer:
        """Do it, or fail as ordered; a refusal is an answer too, and is kept for its key."""
        request_id = f"req_{secrets.token_hex(7)}"
        failing = fault is not None and fault.status == 500
        try:
            if fault is not None and failing and not fault.after_work:
                raise server_error()
            body = self.keeper.turn(lambda book, now_s: call.answer(book, asked.at(now_s)))
            if failing:
                raise server_error()
        except Refusal as refusal:
            return Answer(refusal.status, refusal.as_json(), request_id)
        return Answer(200, body, request_id)

    def _cut_off(self, fault: Fault) -> Response:
        """Hold the connection, then drop it: the caller cannot know whether the work was done."""

        def nothing() -> Iterator[bytes]:
            self.faults.pause(fault.hold_s)
            raise ClientDisconnected
            yield b""

        return Response(nothing())


def api_app(api: Api) -> Flask:
    """The API as a WSGI application."""
    app = Flask("simulator.stripe.api", static_folder=None)
    for call in CALLS:
        _route(app, api, call)

    def refused(refusal: Refusal) -> Response:
        return respond(Answer(refusal.status, refusal.as_json()), api.clock())

    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, lambda problem: refused(_unrecognised(problem)))
    return app


def _given_key() -> str:
    """The key, whether it comes as a bearer token or as a user name."""
    given = request.authorization
    if given is None:
        return ""
    return given.token or (given.parameters or {}).get("username") or ""


def _route(app: Flask, api: Api, call: Call) -> None:
    def view(object_id: str = "") -> Response:
        return api.serve(call, object_id)

    path = call.path.replace("<id>", "<object_id>")
    app.add_url_rule(path, f"{call.method} {path}", view, methods=[call.method])


def _unrecognised(problem: HTTPException) -> Refusal:
    status = problem.code if problem.code and problem.code < 500 else 500
    if status >= 500:  # a defect of the stand-in itself, which Flask has logged
        return server_error()
    return Refusal(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)
