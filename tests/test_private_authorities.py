"""Authorities that people made for themselves with openssl: each of our connections takes them."""

from __future__ import annotations

import queue
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt
import pytest
from check_parts import a_config
from conftest import PASSWORDS
from relay_parts import environment

from cloud_relay.broker import direct_client
from cloud_relay.broker.publisher import Publisher
from cloud_relay.settings import read_settings
from controller.check.broker import check_broker
from controller.cloud import broker as cabinet
from controller.cloud import tls
from controller.cloud.timed_http import Answer, Limits, Way, send
from controller.config.keys import BrokerConfig
from controller.model.events import BrokerConnected, BrokerLost
from controller.pages.findings import all_well
from simulator.chain.broker import Broker

PROJECT = Path(__file__).parent.parent
MACHINE = "galaga-01"
STATUS = f"arcade/machine/{MACHINE}/status"
SIGN = "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 -out server.crt"
REQUEST = "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost"
NAMED = "-addext subjectAltName=DNS:localhost"
# As the guides have it; and what Python 3.13 says of each by its own default.
MADE = {
    "one command": (
        [
            "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -keyout ca.key -out ca.crt -subj /CN=Arcade",
            f"{REQUEST} {NAMED}",
            f"{SIGN} -copy_extensions copy",
        ],
        "CA cert does not include key usage extension",
    ),
    "version 1": (
        [
            "openssl req -newkey rsa:2048 -nodes -keyout ca.key -out ca.csr -subj /CN=Arcade",
            "openssl x509 -req -in ca.csr -signkey ca.key -days 9 -out ca.crt",
            REQUEST,
            SIGN,
        ],
        "invalid CA certificate",
    ),
    "an authority below another": (
        [
            "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -keyout root.key -out root.crt -subj /CN=Root",
            "openssl req -x509 -CA root.crt -CAkey root.key -newkey rsa:2048 -nodes -days 9 "
            "-keyout ca.key -out ca.crt -subj /CN=Arcade",
            f"{REQUEST} {NAMED}",
            f"{SIGN} -copy_extensions copy",
        ],
        "CA cert does not include key usage extension",
    ),
}
NO_TIME = Limits(5, 5, 20, 10_000)
SHAKE_HANDS = """
import socket, sys
sys.path[:0] = {folders!r}
from pathlib import Path
from {room} import client_context
plain = socket.create_connection(("127.0.0.1", {port}), 20)
print(client_context(Path({ca_file!r})).wrap_socket(plain, server_hostname={name!r}).version())
"""


def made(folder: Path, way: str) -> str:
    """Make ca.crt, server.crt and server.key; the answer is what a strict reader says of them."""
    commands, refusal = MADE[way]
    for command in commands:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return refusal


@pytest.fixture(scope="module", params=list(MADE))
def authority(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with an authority that somebody made, and why it is refused by who is strict."""
    folder = tmp_path_factory.mktemp("authority")
    return folder, made(folder, request.param)


@pytest.fixture
def broker(authority: tuple[Path, str], tmp_path: Path) -> Iterator[Broker]:
    """A real broker with a certificate of that authority."""
    for name in ("ca.crt", "server.crt", "server.key"):
        shutil.copy(authority[0] / name, tmp_path)
    with Broker(tmp_path, PASSWORDS) as running:
        yield running


def refusal(context: ssl.SSLContext, port: int) -> str:
    """What a context says of the server at a port, or nothing."""
    with socket.create_connection(("127.0.0.1", port), 20) as plain:
        try:
            context.wrap_socket(plain, server_hostname="localhost").close()
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return ""


@pytest.mark.parametrize("room", [tls, direct_client])
def test_what_python_3_13_refuses_by_default_is_taken(
    authority: tuple[Path, str], broker: Broker, room: object
) -> None:
    """An upgrade to Trixie, and the cabinet never sold again."""
    strict = ssl.create_default_context(cafile=broker.ca_file)
    strict.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    ours = room.client_context(broker.ca_file)  # type: ignore[attr-defined]
    assert (refusal(strict, broker.port), refusal(ours, broker.port)) == (authority[1], "")


@pytest.mark.parametrize("room", [tls, direct_client])
@pytest.mark.parametrize("ca_file", [True, False])
def test_each_python_checks_alike(broker: Broker, room: object, *, ca_file: bool) -> None:
    """Authorities of one's own stand among the system's, too; names and chains are checked in full."""
    context = room.client_context(broker.ca_file if ca_file else None)  # type: ignore[attr-defined]
    assert (context.verify_flags, context.verify_mode, context.check_hostname) == (
        ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN,
        ssl.CERT_REQUIRED,
        True,
    )


def pythons() -> list[str]:
    """Those of this machine that a cabinet could have, now or after an upgrade."""
    found = {sys.executable: sys.version_info[:2]}
    for name in ("python3.11", "python3.12", "python3.13", "python3.14"):
        path = shutil.which(name)
        asked = (
            path and subprocess.run([path, "-I", "-V"], capture_output=True, text=True, check=False).stdout
        )
        version = re.match(r"Python 3\.(\d+)", asked or "")
        if path and version and (3, int(version[1])) not in found.values():
            found[path] = (3, int(version[1]))
    return list(found)


@pytest.mark.parametrize("room", ["controller.cloud.tls", "cloud_relay.broker.direct_client"])
@pytest.mark.parametrize(("name", "answer"), [("localhost", "TLSv1.3\n"), ("broker.example", "")])
def test_each_python_here_takes_it_for_its_own_name_alone(
    broker: Broker, room: str, name: str, answer: str
) -> None:
    """The interpreters themselves, and not what we believe of them."""
    folders = [str(PROJECT), str(Path(paho.mqtt.__file__).parent.parent.parent)]
    script = SHAKE_HANDS.format(
        folders=folders, room=room, port=broker.port, ca_file=str(broker.ca_file), name=name
    )
    said = {
        python: subprocess.run([python, "-I", "-c", script], capture_output=True, text=True, check=False)
        for python in pythons()
    }
    assert {python: ended.stdout for python, ended in said.items()} == dict.fromkeys(said, answer)


def test_the_cabinet_its_check_and_the_relay_come_through(broker: Broker, tmp_path: Path) -> None:
    """Each with the connection that it really makes."""
    links: queue.SimpleQueue[BrokerConnected | BrokerLost] = queue.SimpleQueue()
    config = BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file)
    found = check_broker(a_config(tmp_path, broker=config), daemon_connected=False, alone=True)
    link = cabinet.Broker(
        config,
        MACHINE,
        coinpulse_topic=f"arcade/machine/{MACHINE}/coinpulse",
        will=(STATUS, b"the last will"),
        on_coinpulse=lambda *_: None,
        on_link=links.put,
        on_published=lambda _: None,
    )
    link.start()
    told = links.get(timeout=60)
    variables = environment(MQTT_PORT=str(broker.services_port), MQTT_CA_FILE=str(broker.ca_file))
    Publisher(read_settings(variables).mqtt).publish(f"arcade/machine/{MACHINE}/coinpulse", b"{}")
    link.stop((STATUS, b"the farewell"))
    assert (type(told), all_well(found)) == (BrokerConnected, True)


def test_the_commands_of_the_documentation_make_what_everybody_takes(tmp_path: Path) -> None:
    """Other clients of the broker are strict."""
    text = (PROJECT / "docs" / "broker.md").read_text()
    commands = re.findall(r"^    (openssl (?:req|x509) .*)$", text, re.M)
    assert len(commands) == 3
    for command in commands:
        mine = command.replace("broker.example.com", "localhost")
        subprocess.run(mine.split(), cwd=tmp_path, check=True, capture_output=True)
    strict = ssl.create_default_context(cafile=tmp_path / "ca.crt")
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    with Broker(tmp_path, PASSWORDS) as running:
        assert refusal(strict, running.port) == ""


def test_the_cabinet_reaches_its_relay(authority: tuple[Path, str]) -> None:
    """By relay.ca_file, through the library's own adapter."""
    folder = authority[0]
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/"

        def serve() -> None:
            with server.wrap_socket(listener.accept()[0], server_side=True) as link:
                link.recv(10_000)
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()
        answer = send("GET", url, NO_TIME, headers={}, way=Way(ca_file=folder / "ca.crt"))
    assert answer == Answer(200, "OK", url, b"{}")
