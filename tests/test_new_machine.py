"""`new-machine` with a real Mosquitto: the login works, the file is whole, and nothing is lost half-way."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS, wait_until
from machine_commands import Office, an_office
from relay_parts import Cabinet
from test_card import a_pi

from cloud_relay.errors import FileTrouble, LoginsFailed
from cloud_relay.formats.env_file import read_env
from cloud_relay.operator.machines.files import UnusablePlace
from cloud_relay.operator.machines.new_machine import NotMade
from controller.config.keys import Config, load_config
from controller.setup.take import take_card

pytestmark = pytest.mark.cloud
NEW = "dig-dug-03"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An operator's desk."""
    with an_office(tmp_path) as running:
        yield running


def loaded(path: Path, office: Office) -> Config:
    """The file as a cabinet reads it that has the authority's certificate in its place."""
    there = path.with_name("on-the-cabinet.yaml")
    there.touch(mode=0o600)
    text = path.read_text().replace("/etc/arcade-cabinet/ca.crt", str(office.hall.broker.ca_file))
    there.write_text(text)
    return load_config(there)


def card(folder: Path) -> Path:
    """A mounted boot partition."""
    folder.mkdir()
    for name in ("config.txt", "cmdline.txt"):
        (folder / name).write_text("x\n")
    return folder


def test_a_cabinet_with_the_file_is_let_in_and_its_token_is_taken(office: Office) -> None:
    """Broker, relay and the controller's own reader all take what was made."""
    file = office.folder / "new.yaml"
    typed = ("new-machine", NEW, "--name", "Dig # Dug", "--to", str(file))
    status, _ = office.run(*typed, *office.broker_option)
    config = loaded(file, office)
    assert (status, config.warnings, config.name, config.machine_id) == (0, (), "Dig # Dug", NEW)
    assert (config.broker.host, config.broker.port) == ("localhost", office.hall.broker.port)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in office.folder.iterdir() if path.is_file()) == [
        "new.yaml",
        "on-the-cabinet.yaml",
    ]
    office.hall.broker.passwords[NEW] = config.broker.password  # by which its listener is chosen
    wait_until(lambda: office.lets_in(NEW, config.broker.password), "the new login")
    assert config.relay is not None
    header = {"Authorization": f"Bearer {config.relay.token}"}
    offer = office.hall.client.get(f"/machines/{NEW}/offer", headers=header)
    assert offer.status_code == 200


def test_a_second_run_changes_nothing_and_says_what_there_is(office: Office) -> None:
    """A working cabinet keeps its login; only --again takes it."""
    file = office.folder / "galaga.yaml"
    with Cabinet("galaga-01", office.hall.broker) as cabinet:
        cabinet.say(state="attract")
        with pytest.raises(NotMade) as refused:
            office.run("new-machine", "galaga-01", "--to", str(file), *office.broker_option)
    assert str(refused.value).splitlines()[:3] == [
        "galaga-01 exists; nothing was changed:",
        "  it has a login at the broker",
        "  it last said: attract",
    ]
    assert not file.exists()
    assert office.lets_in("galaga-01", PASSWORDS["galaga-01"])


def test_again_makes_another_password_and_the_next_token(office: Office) -> None:
    """And says how the older token is revoked."""
    file = office.folder / "galaga.yaml"
    again = ("new-machine", "galaga-01", "--again", "--to", str(file), *office.broker_option)
    status, said = office.run(*again)
    config = loaded(file, office)
    wait_until(lambda: office.lets_in("galaga-01", config.broker.password), "the other password")
    assert not office.lets_in("galaga-01", PASSWORDS["galaga-01"])
    assert config.relay is not None
    assert (status, config.relay.token[:2]) == (0, "2.")
    assert 'MIN_TOKEN_NUMBERS={"galaga-01":2}' in said
    assert config.broker.password not in said
    assert config.relay.token not in said
    before = config.broker.password
    office.run(*again)
    assert loaded(file, office).broker.password != before


def test_a_file_of_another_machine_stays(office: Office) -> None:
    """Whatever is asked for."""
    file = office.folder / "one.yaml"
    office.run("new-machine", NEW, "--to", str(file), *office.broker_option)
    before = file.read_bytes()
    with pytest.raises(NotMade, match=f"is the file of {NEW}: nothing was changed"):
        office.run("new-machine", "galaga-01", "--again", "--to", str(file), *office.broker_option)
    assert file.read_bytes() == before
    assert office.lets_in("galaga-01", PASSWORDS["galaga-01"])


def test_without_its_login_there_is_no_file(office: Office) -> None:
    """A cabinet with it would be refused, and nobody would know why."""
    file, nowhere = office.folder / "new.yaml", str(office.folder / "none")
    with pytest.raises(LoginsFailed):
        office.run("new-machine", NEW, "--to", str(file), *office.broker_option, MOSQUITTO_FOLDER=nowhere)
    (office.hall.broker.folder / "cabinets.passwords").rename(office.folder / "elsewhere")
    with pytest.raises(LoginsFailed):
        office.run("new-machine", NEW, "--to", str(file), *office.broker_option)
    assert [path.name for path in office.folder.iterdir() if "new.yaml" in path.name] == []


def test_a_file_that_cannot_be_written_makes_no_login(office: Office) -> None:
    """Its password would be known to nobody."""
    with pytest.raises(UnusablePlace):
        office.run("new-machine", NEW, "--to", str(office.folder / "no" / "x.yaml"), *office.broker_option)
    assert NEW not in (office.hall.broker.folder / "cabinets.passwords").read_text()


def test_by_hand_the_login_is_in_the_list_of_what_to_do(office: Office) -> None:
    """Where only a console has the logins."""
    office.logins, file = False, office.folder / "new.yaml"
    status, said = office.run("new-machine", NEW, "--to", str(file), *office.broker_option)
    password = loaded(file, office).broker.password
    assert status == 0
    assert f"Add the user {NEW}" in said
    assert f"Give it the password {password}" in said


def test_a_cabinet_takes_the_card_over(office: Office, tmp_path: Path) -> None:
    """Its first setup finds cabinet.yaml and the authority's certificate, and leaves neither on the card."""
    pi = a_pi(tmp_path / "pi")
    (pi.boot / "cmdline.txt").write_text("x\n")
    status, said = office.run("new-machine", NEW, "--card", str(pi.boot), *office.broker_option)
    assert (status, pi.on_card()) == (0, ["ca.crt", "cabinet.yaml", "cmdline.txt", "config.txt"])
    assert "Its boot partition knows no modes" in said
    text = (pi.boot / "cabinet.yaml").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n")
    # The test's cabinet has its folder elsewhere.
    (pi.boot / "cabinet.yaml").write_bytes(
        text.replace(b"/etc/arcade-cabinet/ca.crt", str(pi.places.certificate).encode())
    )
    take_card(pi.places)
    config = load_config(pi.places.config)
    assert pi.on_card() == ["cmdline.txt", "config.txt"]
    assert config.broker.ca_file == pi.places.certificate
    assert pi.places.certificate.read_bytes() == office.hall.broker.ca_file.read_bytes()
    office.hall.broker.passwords[NEW] = config.broker.password
    wait_until(lambda: office.lets_in(NEW, config.broker.password), "the new login")


def test_what_is_no_boot_partition_is_refused(office: Office) -> None:
    """Before anything is made."""
    empty = office.folder / "empty"
    empty.mkdir()
    with pytest.raises(UnusablePlace, match="is no boot partition of a Pi, which has a "):
        office.run("new-machine", NEW, "--card", str(empty), *office.broker_option)
    assert NEW not in (office.hall.broker.folder / "cabinets.passwords").read_text()


@pytest.mark.parametrize("name", ["Cabinet.yaml", "cabinet.yml", "CABINET.YAML.txt"])
def test_a_card_with_another_name_for_the_same_file_is_refused(office: Office, name: str) -> None:
    """The cabinet would find two, and take neither."""
    folder = card(office.folder / "card")
    (folder / name).write_text("x")
    with pytest.raises(UnusablePlace, match="would be read, too, or in its place: move it away first"):
        office.run("new-machine", NEW, "--card", str(folder), *office.broker_option)


def test_another_machine_s_card_is_refused(office: Office) -> None:
    """It may be the only place of its secrets; its own may be written again."""
    folder = card(office.folder / "card")
    office.run("new-machine", NEW, "--card", str(folder), *office.broker_option)
    before = (folder / "cabinet.yaml").read_bytes()
    with pytest.raises(NotMade, match=f"is the file of {NEW}"):
        office.run("new-machine", "galaga-01", "--again", "--card", str(folder), *office.broker_option)
    assert (folder / "cabinet.yaml").read_bytes() == before
    assert office.run("new-machine", NEW, "--again", "--card", str(folder), *office.broker_option)[0] == 0
    assert (folder / "cabinet.yaml").read_bytes() != before


def test_a_relay_that_knows_the_broker_by_a_near_name_asks_for_another(office: Office) -> None:
    """A cabinet that looks for the broker on itself finds none."""
    with pytest.raises(NotMade, match="MQTT_BROKER is 'localhost', which only the relay knows so"):
        office.run("new-machine", NEW, "--to", str(office.folder / "x.yaml"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["galaga 01"], "'galaga 01' is no machine id: 1 to 64 of A-Z a-z 0-9 _ -"),
        (["g", "--name", "x" * 61], "the name has 61 characters: write 1 to 60"),
        (["g", "--broker", "mqtt://b"], "'mqtt://b' is no address: write broker.example.com"),
    ],
)
def test_what_cannot_be_is_refused_as_it_is_typed(office: Office, typed: list[str], words: str) -> None:
    """With status 2, as the real command line gives it."""
    command = [sys.executable, "-m", "cloud_relay", "new-machine", *typed]
    ended = subprocess.run(
        command, env=os.environ | office.environment(), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert words in ended.stderr


def test_the_relay_s_file_is_told_of_its_name_and_its_revoked_token(office: Office) -> None:
    """With an apostrophe in the name; what is left to do is the restart, and then the cabinet."""
    env, typed = office.folder / "relay.env", ["new-machine", "pac-01", *office.broker_option]
    env.write_text("A=b\n")
    place = ["--to", str(office.folder / "pac-01.yaml"), "--env", str(env)]
    status, said = office.run(*typed, *place, "--name", "Ms. Pac-Man's")
    kept = read_env(env.read_text())
    assert (status, json.loads(kept["OFFERS"])["machines"]["pac-01"]) == (0, {"name": "Ms. Pac-Man's"})
    assert said.splitlines()[3] == f"  1. Restart the relay: {env} says what is new."
    assert "OFFERS=" not in said

    status, said = office.run(*typed, *place, "--again")
    assert (status, read_env(env.read_text())) == (0, kept | {"MIN_TOKEN_NUMBERS": '{"pac-01":2}'})
    assert said.splitlines()[3] == f"  1. Restart the relay: {env} says what is new."


def test_a_relay_s_file_that_cannot_be_written_makes_no_machine(office: Office) -> None:
    """Neither login nor config.yaml."""
    made, env = office.folder / "galaga-09.yaml", office.folder / "missing" / "relay.env"
    with pytest.raises(FileTrouble):
        office.run("new-machine", "galaga-09", *office.broker_option, "--to", str(made), "--env", str(env))
    assert not made.exists()
    assert "galaga-09" not in (office.hall.broker.folder / "cabinets.passwords").read_text()
