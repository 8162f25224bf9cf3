"""Logins in Mosquitto's files, told to a real Mosquitto; and the words where there is no API."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import mqtt_client

from cloud_relay.errors import LoginsFailed
from cloud_relay.formats.mosquitto_passwords import password_line, usernames, with_line
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from cloud_relay.setting_reader import SettingsError
from simulator.chain.broker import RELAY_USERNAME, Broker

pytestmark = pytest.mark.cloud
RELOAD = (
    "Have Mosquitto read its passwords again: sudo systemctl reload mosquitto (in a container: send it "
    "SIGHUP)"
)
STAYS = (
    "Mosquitto ends the connections of pacman-02 only when the login is gone or has another password; for "
    "one that stays: sudo systemctl restart mosquitto, which ends everybody's for some seconds"
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """One that a test may give other logins."""
    with Broker(tmp_path / "broker", dict(PASSWORDS)) as running:
        assert gets_in(running, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])  # it catches signals by now
        yield running


@pytest.fixture
def logins(broker: Broker) -> Logins:
    return logins_from({"MOSQUITTO_FOLDER": str(broker.folder)})


def gets_in(broker: Broker, name: str, password: str) -> bool:
    """Whether the broker lets it in."""
    try:
        client = mqtt_client(broker, name, password)
    except PermissionError:
        return False
    client.disconnect()
    client.loop_stop()
    return True


@pytest.mark.parametrize("name", ["dig-dug-03", "cloud.fleet"])
def test_a_login_is_made_changed_and_taken_away(broker: Broker, logins: Logins, name: str) -> None:
    """The running broker is told: at each listener the login opens its own, and no other is touched."""
    broker.passwords[name] = ""  # by which its listener is chosen
    assert logins.add(name, "first: ä") == []
    wait_until(lambda: gets_in(broker, name, "first: ä"), "the new login")
    assert logins.names() == sorted([*PASSWORDS, name])
    assert logins.add(name, "second") == []
    wait_until(lambda: gets_in(broker, name, "second"), "the new password")
    assert not gets_in(broker, name, "first: ä")
    assert logins.remove(name) == []
    wait_until(lambda: not gets_in(broker, name, "second"), "the end of the login")
    assert logins.remove(name) == []
    assert [gets_in(broker, each, word) for each, word in PASSWORDS.items()] == [True, True, True]


def test_the_connection_of_a_login_that_is_gone_ends_and_no_other(broker: Broker, logins: Logins) -> None:
    """Mosquitto looks at who is connected when it reads its files again."""
    ends: list[str] = []
    clients = {name: mqtt_client(broker, name, word) for name, word in PASSWORDS.items()}
    for name, client in clients.items():
        client.on_disconnect = lambda *_, name=name: ends.append(name)
    assert logins.remove("galaga-01") + logins.disconnect("galaga-01") == []
    wait_until(lambda: ends, "the end of its connection")
    assert logins.disconnect("pacman-02") == [STAYS]
    assert (ends, clients[RELAY_USERNAME].is_connected()) == (["galaga-01"], True)
    for client in clients.values():
        client.disconnect()
        client.loop_stop()


def test_the_files_are_as_mosquitto_s_own_tool_writes_them(tmp_path: Path) -> None:
    """It reads ours, changes them and deletes from them."""
    file = tmp_path / "cabinets.passwords"
    file.write_text(
        password_line("galaga-01", "a", b"x" * 12) + "\n" + password_line("b", "b", b"y" * 12) + "\n"
    )
    subprocess.run(["mosquitto_passwd", "-D", file, "b"], check=True, capture_output=True)
    assert file.read_text() == password_line("galaga-01", "a", b"x" * 12) + "\n"


def test_a_file_keeps_its_comments_its_order_and_its_readers(tmp_path: Path) -> None:
    """Whoever could not read it before cannot read it now."""
    text = "# ours\ngalaga-01:$7$old\n\npacman-02:$7$other\n"
    for kind, content in (("cabinets", text), ("services", "")):
        (tmp_path / f"{kind}.passwords").write_text(content)
        (tmp_path / f"{kind}.passwords").chmod(0o644)
    logins = logins_from({"MOSQUITTO_FOLDER": str(tmp_path)})
    assert logins.add("galaga-01", "new") == [RELOAD]
    lines = (tmp_path / "cabinets.passwords").read_text().splitlines()
    assert (lines[0], lines[1][:13], lines[2:]) == ("# ours", "galaga-01:$7$", ["", "pacman-02:$7$other"])
    assert [oct(path.stat().st_mode & 0o777) for path in sorted(tmp_path.iterdir())] == ["0o640", "0o644"]


def test_lines_are_read_and_put_in_place() -> None:
    """A login's line takes the place of its old one, a new one comes last, and a comment is nobody's."""
    text = "#x:1\na:1\nb:2"
    assert usernames(text) == ["a", "b"]
    assert with_line(text, "a", "a:3") == "#x:1\na:3\nb:2\n"
    assert with_line(text, "c", "c:3") == "#x:1\na:1\nb:2\nc:3\n"
    assert with_line(text, "a", None) == "#x:1\nb:2\n"
    assert with_line("", "a", "a:1") == "a:1\n"


def test_a_login_that_was_deleted_by_hand_is_disconnected(broker: Broker, logins: Logins) -> None:
    """Somebody edited the file, and Mosquitto has not read it since."""
    ends: list[str] = []
    client = mqtt_client(broker, "galaga-01", PASSWORDS["galaga-01"])
    client.on_disconnect = lambda *_: ends.append("galaga-01")
    file = broker.folder / "cabinets.passwords"
    file.write_text(with_line(file.read_text(), "galaga-01", None))
    assert logins.disconnect("galaga-01") == []
    wait_until(lambda: ends, "the end of its connection")
    client.loop_stop()


@pytest.mark.parametrize("trap", ['trap "exit 7" HUP', ":"], ids=["catches it", "would end"])
def test_a_pid_that_was_left_behind_is_nobody(tmp_path: Path, trap: str) -> None:
    """The number may be another program's by now, which SIGHUP is not for."""
    for name, text in (("cabinets.passwords", ""), ("services.passwords", "")):
        (tmp_path / name).write_text(text)
    script = f"{trap}; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        (tmp_path / "mosquitto.pid").write_text(f"{other.pid}\n")
        told = logins_from({"MOSQUITTO_FOLDER": str(tmp_path)}).add("galaga-01", "x")
        other.terminate()
        status = other.wait(60)
    assert (told, status) == ([RELOAD], -signal.SIGTERM)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    """Nothing is made there: no broker would read it."""
    remedy = (
        "MOSQUITTO_FOLDER names the folder of cabinets.passwords and services.passwords, which "
        "`python -m cloud_relay setup broker` makes; run this as who may write there (sudo)"
    )
    for folder, missing in ((tmp_path / "gone", ""), (tmp_path, "/cabinets.passwords")):
        with pytest.raises(LoginsFailed) as failed:
            logins_from({"MOSQUITTO_FOLDER": str(folder)}).add("galaga-01", "x")
        assert str(failed.value) == f"{folder}{missing} cannot be used: No such file or directory: {remedy}"
    assert list(tmp_path.iterdir()) == []


def test_where_no_broker_can_be_reached_the_words_are_told() -> None:
    """EMQX Serverless has users in its console alone."""
    logins = logins_from({})
    place = "in the broker's console (EMQX Serverless: your deployment, Access Control, Authentication)"
    assert logins.add("galaga-01", "secret") == [
        f"Open the list of users {place}.",
        "Add the user galaga-01, or edit it where it is in the list.",
        "Give it the password secret, and save.",
    ]
    assert logins.remove("galaga-01") == [f"Open the list of users {place}.", "Delete the user galaga-01."]
    assert logins.disconnect("galaga-01") == [
        "Open the list of clients in the broker's console (EMQX Serverless: your deployment, Monitoring, "
        "Clients).",
        "Kick out each client whose username is galaga-01.",
    ]
    assert logins.names() is None


@pytest.mark.parametrize(
    ("variables", "problems"),
    [
        (
            {"EMQX_API_URL": "https://b.example.com"},
            ["EMQX_API_KEY: is not set", "EMQX_API_SECRET: is not set"],
        ),
        ({"EMQX_API_KEY": "k", "EMQX_API_SECRET": "s"}, ["EMQX_API_URL: is not set"]),
        (
            {"EMQX_API_URL": "http://b.example.com:18083", "EMQX_API_KEY": "k", "EMQX_API_SECRET": "s"},
            ["EMQX_API_URL: is 'http://b.example.com:18083': write https, the key goes there"],
        ),
        (
            {"EMQX_API_URL": "https://k:s@b.example.com", "EMQX_API_KEY": "k", "EMQX_API_SECRET": "s"},
            ["EMQX_API_URL: holds a name or a password: they go into EMQX_API_KEY and EMQX_API_SECRET"],
        ),
        (
            {
                "EMQX_API_URL": "https://[::1",
                "EMQX_API_KEY": "k",
                "EMQX_API_SECRET": "s",
                "EMQX_CA_FILE": "/x",
            },
            [
                "EMQX_API_URL: is 'https://[::1': write an address such as "
                "https://broker.example.com:18084/api/v5",
                "EMQX_CA_FILE: is '/x', which holds no certificate that can be read "
                "([Errno 2] No such file or directory)",
            ],
        ),
        (
            {"EMQX_API_URL": "b.example.com", "EMQX_API_KEY": "k", "EMQX_API_SECRET": "s"},
            [
                "EMQX_API_URL: is 'b.example.com': write an address such as "
                "https://broker.example.com:18084/api/v5"
            ],
        ),
        (
            {
                "EMQX_API_URL": "http://emqx",
                "EMQX_API_KEY": "k",
                "EMQX_API_SECRET": "s",
                "MOSQUITTO_FOLDER": "/x",
            },
            ["MOSQUITTO_FOLDER: is set beside EMQX_API_URL: unset what is not your broker's"],
        ),
    ],
)
def test_a_wrong_environment_is_told_whole(variables: dict[str, str], problems: list[str]) -> None:
    """Every variable at once, as the relay does with its own."""
    with pytest.raises(SettingsError) as failed:
        logins_from(variables)
    assert str(failed.value).splitlines() == [
        "The relay's environment is not usable:",
        *(f"  {each}" for each in problems),
    ]
