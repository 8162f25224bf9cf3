"""An MQTT 5 broker that answers as a table says: what other brokers do, and Mosquitto cannot be told to.

The packets are those of the OASIS standard, MQTT Version 5.0; the numbers in brackets are its sections.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 10, 12, 14
CONNACK, PUBACK, SUBACK, UNSUBACK, PINGRESP = 2, 4, 9, 11, 13
BAD_PASSWORD, NOT_AUTHORIZED, NO_RETAINED = 134, 135, 154  # (2.4)
RETAIN_UNAVAILABLE = b"\x25\x00"  # (3.2.2.3.5)


@dataclass(frozen=True)
class Answers:
    """What a broker does; as it stands, EMQX 5.8 with the shipped rules.

    Without `passwords` anybody is let in; one without a name only if `nameless` is. `hangs_up` says when it
    does so on what it forbids: never, in place of an answer, or a moment "after" it. `to_a_will` is the
    reason given to who leaves a last will, `tells` are the properties of each CONNACK. What is `forgotten`
    is answered once by hanging up, as a broker does that is restarted.
    """

    passwords: dict[str, str] | None = None
    nameless: bool = False
    unknown_name: int = NOT_AUTHORIZED
    wrong_password: int = BAD_PASSWORD
    to_a_will: int = 0
    tells: bytes = b""
    hangs_up: str = "never"
    forbidden: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()


@dataclass
class FakeBroker:
    """One on loopback with TLS. `asked` has the topics that each connection tried, `names` who they were."""

    answers: Answers
    ca_file: Path
    port: int
    asked: list[list[str]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)

    def connack(self, connect: Connect) -> int:
        """The reason for letting a client in, or not."""
        if connect.name is None:
            reason = 0 if self.answers.nameless else self.answers.unknown_name
        elif self.answers.passwords is None:
            reason = 0
        elif connect.name not in self.answers.passwords:
            reason = self.answers.unknown_name
        else:
            right = self.answers.passwords[connect.name] == connect.password
            reason = 0 if right else self.answers.wrong_password
        return reason or (self.answers.to_a_will if connect.leaves_a_will else 0)

    def allows(self, name: str | None, verb: int, topic: str) -> bool:
        """Whether the shipped rules do so, and the table does not forbid it."""
        if name == "cloud.relay":
            leaves = {PUBLISH: ("coinpulse", "gameover"), SUBSCRIBE: ("status",)}[verb]
            return topic.endswith(leaves) and not topic.endswith(tuple(self.answers.forbidden))
        own = f"arcade/machine/{name}/"
        allowed = {PUBLISH: [own + "gameover", own + "status"], SUBSCRIBE: [own + "coinpulse"]}[verb]
        return topic in allowed and topic not in self.answers.forbidden


@dataclass(frozen=True)
class Connect:
    """What a client says of itself (3.1)."""

    name: str | None
    password: str | None
    leaves_a_will: bool


@contextmanager
def fake_broker(folder: Path, answers: Answers) -> Iterator[FakeBroker]:
    """Run one until the context ends; its authority's certificate is left in `folder`."""
    authority, ca_file = trustme.CA(), folder / "fake.crt"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker = FakeBroker(answers, ca_file, listener.getsockname()[1], forgotten=set(answers.forgotten))
        threading.Thread(target=_accept, args=(broker, listener, context), daemon=True).start()
        yield broker


def _accept(broker: FakeBroker, listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            plain = listener.accept()[0]
            threading.Thread(target=_welcome, args=(broker, plain, context), daemon=True).start()


def _welcome(broker: FakeBroker, plain: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError, EOFError), context.wrap_socket(plain, server_side=True) as sock:
        kind, body = _packet(sock)
        connect = _read_connect(body)
        reason = broker.connack(connect)
        assert kind >> 4 == CONNECT
        _send(sock, CONNACK, bytes([0, reason]) + _with_length(broker.answers.tells))
        if reason == 0:
            asked: list[str] = []
            broker.asked.append(asked)
            broker.names.append(connect.name)
            while _serve(broker, sock, connect.name, asked):
                pass


def _serve(broker: FakeBroker, sock: ssl.SSLSocket, name: str | None, asked: list[str]) -> bool:
    """Answer one packet; False if that ends the connection."""
    head, body = _packet(sock)
    kind = head >> 4
    if kind == PINGREQ:
        _send(sock, PINGRESP, b"")
    elif kind == PUBLISH:
        topic, rest = _text(body)
        return _answer(broker, sock, name, asked, kind, topic, PUBACK, rest[:2])
    elif kind == SUBSCRIBE:
        topic, _ = _text(_after_properties(body[2:]))
        return _answer(broker, sock, name, asked, kind, topic, SUBACK, body[:2] + b"\0")
    elif kind == UNSUBSCRIBE:
        _send(sock, UNSUBACK, body[:2] + b"\0\0")
    return kind != DISCONNECT


def _answer(
    broker: FakeBroker,
    sock: ssl.SSLSocket,
    name: str | None,
    asked: list[str],
    verb: int,
    topic: str,
    kind: int,
    start: bytes,
) -> bool:
    asked.append(topic)
    if topic in broker.forgotten:
        broker.forgotten.remove(topic)
        return False
    allowed, hangs_up = broker.allows(name, verb, topic), broker.answers.hangs_up
    if allowed or hangs_up != "at once":
        _send(sock, kind, start + bytes([0 if allowed else NOT_AUTHORIZED]))
    if not allowed and hangs_up != "never":
        _send(sock, DISCONNECT, bytes([NOT_AUTHORIZED]))
        return False
    return True


def _packet(sock: ssl.SSLSocket) -> tuple[int, bytes]:
    """A packet's first byte, and all after its length (2.1)."""
    head, length, shift = _read(sock, 1)[0], 0, 0
    while True:
        digit = _read(sock, 1)[0]
        length |= (digit & 127) << shift
        shift += 7
        if digit < 128:
            return head, _read(sock, length)


def _read(sock: ssl.SSLSocket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = sock.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _send(sock: ssl.SSLSocket, kind: int, body: bytes) -> None:
    sock.sendall(bytes([kind << 4]) + _with_length(body))


def _with_length(body: bytes) -> bytes:
    """The bytes behind their number, which is under 128 here: one byte (1.5.5)."""
    assert len(body) < 128
    return bytes([len(body)]) + body


def _text(body: bytes) -> tuple[str, bytes]:
    """A text behind its two bytes of length (1.5.4), and the rest."""
    (length,) = struct.unpack_from(">H", body)
    return body[2 : 2 + length].decode(), body[2 + length :]


def _after_properties(body: bytes) -> bytes:
    assert body[0] < 128
    return body[1 + body[0] :]


def _read_connect(body: bytes) -> Connect:
    """Name, version, flags, keep alive and properties; then what the flags announce (3.1.2, 3.1.3)."""
    protocol, rest = _text(body)
    version, flags = rest[0], rest[1]
    assert (protocol, version) == ("MQTT", 5)
    _, rest = _text(_after_properties(rest[4:]))
    if flags & 0x04:
        _, rest = _text(_after_properties(rest))
        _, rest = _text(rest)
    name, rest = _text(rest) if flags & 0x80 else (None, rest)
    password = _text(rest)[0] if flags & 0x40 else None
    return Connect(name, password, bool(flags & 0x04))
