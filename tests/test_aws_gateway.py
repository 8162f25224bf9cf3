"""The path that a gateway hands over, without what it put before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from cloud_relay.aws.gateway import behind_a_gateway

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.cloud


def seen(path: str, context: dict[str, Any] | None, root: str) -> tuple[str, str]:
    """The path and the caller that the app is told."""
    told: list[WSGIEnvironment] = []

    def app(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        told.append(environ)
        return []

    environ = {"PATH_INFO": path, "REMOTE_ADDR": "198.51.100.1", "apig_wsgi.request_context": context}
    behind_a_gateway(app, root)(environ, lambda *_: lambda _: None)
    return told[0]["PATH_INFO"], told[0]["REMOTE_ADDR"]


def http_api(stage: str) -> dict[str, Any]:
    """What an HTTP API and a function URL tell of a request."""
    return {"stage": stage, "http": {"sourceIp": "203.0.113.7"}}


def rest_api(stage: str) -> dict[str, Any]:
    """What a REST API tells of it."""
    return {"stage": stage, "identity": {"sourceIp": "203.0.113.7"}}


@pytest.mark.parametrize(
    ("path", "context", "root", "told"),
    [
        ("/p/galaga-01", http_api("$default"), "", "/p/galaga-01"),
        ("/prod/p/galaga-01", http_api("prod"), "/prod", "/p/galaga-01"),
        ("/prod/p/galaga-01", http_api("prod"), "", "/p/galaga-01"),  # a custom domain without a path
        ("/arcade/p/galaga-01", http_api("$default"), "/arcade", "/p/galaga-01"),
        ("/prod/p/galaga-01", http_api("prod"), "/arcade", "/p/galaga-01"),
        ("/p/p/galaga-01", http_api("p"), "/p", "/p/galaga-01"),
        ("/production/p/galaga-01", http_api("prod"), "", "/production/p/galaga-01"),
        ("/prod", http_api("prod"), "", "/prod"),
        # A REST API leaves its stage out.
        ("/p/galaga-01", rest_api("p"), "", "/p/galaga-01"),
        ("/arcade/p/galaga-01", rest_api("prod"), "/arcade", "/p/galaga-01"),
    ],
)
def test_what_stands_before_the_path_is_taken_off_once(
    path: str, context: dict[str, Any], root: str, told: str
) -> None:
    """A stage's name as far as the gateway writes it there, else the path of the relay's address."""
    assert seen(path, context, root) == (told, "203.0.113.7")


def test_a_load_balancer_tells_no_stage_and_no_caller() -> None:
    """Whatever address the caller wrote himself is not believed."""
    assert seen("/status", {"elb": {"targetGroupArn": "arn"}}, "") == ("/status", "")
    assert seen("/status", None, "") == ("/status", "")
