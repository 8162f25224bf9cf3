"""Channels for real: mail to an SMTP server, JSON to a web server, and no secret shown or logged."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from conftest import wait_until
from fleet_alerts_kit import Fleet
from sqlalchemy.engine import make_url

from fleet.alerting.channel_urls import NotTold, check, send, shown
from fleet.book.database.engine import open_book
from fleet.pages.alert_texts import Message, Told, message, one_line, subject_text

pytestmark = pytest.mark.fleet
BAD = Message("m1: offline", "not connected\n<b>Since</b> noon", is_bad=True)


class Mailbox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its own name
        mail = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on a free port."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


class Hook(ThreadingHTTPServer):
    """A web server that keeps what it was sent, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Kept)
        self.status, self.sent = 200, list[tuple[str, dict[str, Any]]]()


class _Kept(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Hook)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test's own output is enough."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web server on a free port."""
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_mail_arrives_with_its_words_as_they_are(mailbox: tuple[Mailbox, int]) -> None:
    """The title is the subject, and what looks like markup is read and not rendered."""
    box, port = mailbox
    send(f"mailto://127.0.0.1:{port}?from=fleet@example.org&to=ada@example.org&mode=insecure", BAD)
    (mail,) = box.mails
    body = mail.get_body(("html", "plain"))
    assert body is not None
    assert (mail["Subject"], mail["To"]) == ("m1: offline", "ada@example.org")
    assert "<b>Since" not in body.get_content() or body.get_content_type() == "text/plain"
    assert "Since" in body.get_content()


def test_a_hook_is_sent_json(hook: Hook) -> None:
    """Everything else goes through apprise in the same way."""
    send(f"json://127.0.0.1:{hook.server_port}/secret-path", BAD)
    ((path, sent),) = hook.sent
    assert (path, sent["title"], sent["message"], sent["type"]) == (
        "/secret-path",
        BAD.title,
        BAD.body,
        "warning",
    )


def test_what_a_channel_refuses_is_said_without_its_secrets(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the error nor any log has the path, the user or the password of the address."""
    hook.status = 500
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotTold) as failed:
        send(
            f"json://some%2Duser:pass%20word@127.0.0.1:{hook.server_port}/secret-path?+X-Token=hidden-token",
            BAD,
        )
    told = str(failed.value)
    assert "500" in told
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")
    )
    for secret in ("some-user", "some%2Duser", "pass word", "pass%20word", "secret-path", "hidden-token"):
        assert secret not in told + logged


def test_a_channel_that_is_not_there_is_said(hook: Hook) -> None:
    """A refused connection is an error with words."""
    hook.shutdown()
    hook.server_close()
    with pytest.raises(NotTold, match="Connection error"):
        send(f"json://127.0.0.1:{hook.server_port}/secret-path", BAD)


@pytest.mark.parametrize(
    ("url", "shows"),
    [
        ("mailto://ada:secret@mail.example.org?to=bob@example.org", "E-Mail (mail.example.org)"),
        ("jsons://user:secret@hooks.example.org/token", "JSON (hooks.example.org)"),
        ("tgram://123456789:abcdefghij_klmnop-qrstuvwxyz1234567/12315544/", "Telegram"),
        ("ntfys://my-secret-topic", "ntfy"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/general", "Slack"),
        ("twilio://AC735c307c62944b5a:e29dfbcebf390dee9@+12223334444/+15558889999", "Twilio"),
        ("nonsense", "unreadable"),
    ],
)
def test_an_address_is_shown_by_its_kind_and_its_server_alone(url: str, shows: str) -> None:
    """What lets one in stands in the database, and on no page."""
    assert shown(url) == shows


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense://secret-thing", "apprise does not know this address"),
        ("tgram://secret-thing", "apprise does not know this address"),
        ("", "apprise does not know this address"),
        ("syslog://", "syslog:// would tell this server's own screen or log: take another kind"),
    ],
)
def test_an_address_that_cannot_work_is_refused_before_it_is_kept(url: str, problem: str) -> None:
    """The owner reads what to write instead, and never reads the address again."""
    with pytest.raises(NotTold) as refused:
        check(url)
    assert problem in str(refused.value)
    assert "secret-thing" not in str(refused.value)


def test_a_cabinets_text_is_one_line_of_text() -> None:
    """Names and faults come from machines: nothing in them begins a line, a header or an escape sequence."""
    assert one_line("a\r\nBcc: x@y\x1b[31m\u202e\u2028b\x00") == "a Bcc: x@y [31m b"
    assert len(one_line("x" * 5000)) == 300
    assert subject_text("m1", {"m1": "Pac\nMan"}, {}) == "Pac Man (m1)"


def test_many_alerts_are_one_message() -> None:
    """A night's alerts are one mail, cut where nobody would read on."""
    from datetime import UTC

    many = [Told("begins", "offline", f"m{number}", "gone", 0.0, None) for number in range(23)]
    said = message(many, UTC, "https://fleet.example.org/alerts")
    assert said.title == "23 alerts"
    assert said.body.splitlines()[:1] == ["m0: offline (Since 1970-01-01 00:00)"]
    assert said.body.splitlines()[-3:] == ["and 3 more", "", "https://fleet.example.org/alerts"]


def test_the_process_of_its_own_tells_a_machine_that_is_gone_and_ends_in_good_order(
    hook: Hook, tmp_path: Path
) -> None:
    """`python -m fleet alerts` looks at once, tells through apprise, and logs no address."""
    database = f"sqlite:///{tmp_path / 'book.sqlite'}"
    engine = open_book(make_url(database))
    fleet = Fleet(engine)
    fleet.clock.now = time.time() - 3600
    fleet.add_machines("m1")
    fleet.add_channel(f"json://127.0.0.1:{hook.server_port}/secret-path", name="Hook")
    fleet.say("m1", state="offline")
    engine.dispose()
    environment = {
        "PATH": os.environ["PATH"],
        "FLEET_DATABASE": database,
        "FLEET_URL": "http://localhost:8090",
        "FLEET_SECRET": "s" * 32,
        "MQTT_BROKER": "127.0.0.1",
        "MQTT_PASSWORD": "unused",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", "alerts"], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: hook.sent, "the message")
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    assert (process.returncode, hook.sent[0][1]["title"], len(hook.sent)) == (0, "m1: offline", 1)
    assert "told channel Hook of 1 alerts" in log
    assert "secret-path" not in log
