"""Secrets that are changed: who still uses the old one, what the relay is told, and what may not be yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PASSWORDS, wait_until
from machine_commands import Office, an_office
from relay_parts import RELAY_SECRET, Cabinet

from cloud_relay.errors import BrokerUnavailable, FileTrouble
from cloud_relay.formats.env_file import read_env
from cloud_relay.logins.mosquitto import MosquittoLogins
from cloud_relay.operator.machines.told import NotRotated
from cloud_relay.rules.access import FLEETS
from cloud_relay.rules.machine_report import read_report
from cloud_relay.rules.setting_up.rotation import MachineToken, as_json, finished, machine_tokens, other_login
from cloud_relay.rules.tokens import TokenBook, TokenUse, machine_token, relay_tag, token_tag

pytestmark = pytest.mark.cloud

OLD, NEW = RELAY_SECRET, "the-new-secret-of-at-least-32-characters"
BOTH = f"{NEW},{OLD}"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An operator's desk."""
    with an_office(tmp_path) as running:
        yield running


def said(machine_id: str, token: str) -> bytes:
    """A status."""
    return json.dumps({"timestamp": f"t-{machine_id}", "tokenTag": token_tag(token)}).encode()


def test_every_machine_is_listed_with_the_secret_of_its_token() -> None:
    """Those that are heard of, and those that only the settings or the broker name."""
    reports = {
        machine_id: read_report(said(machine_id, machine_token(secret, machine_id, 1)), machine_id)
        for machine_id, secret in (("a", NEW), ("b", OLD), ("c", "another"))
    }
    reports["d"] = read_report(b'{"timestamp":"t-d"}', "d")
    rows = machine_tokens(TokenBook(NEW, {}, OLD), reports, ["b", "e"])
    assert rows == [
        MachineToken("a", TokenUse.NEW, "t-a"),
        MachineToken("b", TokenUse.OLD, "t-b"),
        MachineToken("c", TokenUse.NEITHER, "t-c"),
        MachineToken("d", TokenUse.NOT_KNOWN, "t-d"),
        MachineToken("e", TokenUse.NOT_KNOWN),
    ]
    assert [row.machine_id for row in rows if row.is_waited_for] == ["b", "d", "e"]
    assert as_json(rows[:1]) == (
        '[\n  {\n    "machineId": "a",\n    "token": "new",\n    "lastSeen": "t-a"\n  }\n]\n'
    )


def test_the_old_secret_s_tag_stays_with_those_of_earlier_ones() -> None:
    """A rotation a year must not make strangers of what was sold two years ago."""
    assert finished((NEW, OLD), (relay_tag(OLD), relay_tag(NEW), "older")) == {
        "RELAY_SECRET": NEW,
        "FORMER_RELAY_TAGS": f"{relay_tag(OLD)},older",
    }


def test_the_relay_s_two_logins_take_turns() -> None:
    """Any other name has no rights at the broker."""
    turns = [other_login(name) for name in ("cloud.relay", "cloud.relay2", "relay")]
    assert turns == ["cloud.relay2", "cloud.relay", None]


def test_the_fleet_s_two_logins_take_turns_too() -> None:
    """And none of them is the relay's."""
    turns = [other_login(name, FLEETS) for name in ("cloud.fleet", "cloud.fleet2", "cloud.relay")]
    assert turns == ["cloud.fleet2", "cloud.fleet", None]


def test_a_new_secret_is_stored_for_its_owner_and_never_shown(office: Office) -> None:
    """Begun twice by mistake, it is not begun twice."""
    file = office.folder / "relay.env"
    status, said = office.run("rotate", "relay-secret", "--env", str(file))
    new, old = read_env(file.read_text())["RELAY_SECRET"].split(",")
    assert (status, old, len(new), file.stat().st_mode & 0o777) == (0, OLD, 64, 0o600)
    assert [secret for secret in (new, old) if secret in said] == []
    assert office.run("rotate", "relay-secret", "--env", str(file))[0] == 1  # it lists the machines
    assert read_env(file.read_text())["RELAY_SECRET"] == f"{new},{old}"


def test_without_a_file_the_setting_is_printed(office: Office) -> None:
    """To be typed where settings are kept elsewhere."""
    _, said = office.run("rotate", "relay-secret")
    assert f",{OLD}\n" in said
    assert "In the relay's environment: RELAY_SECRET=" in said


def test_the_old_secret_stays_while_a_machine_would_be_shut_out(office: Office) -> None:
    """One that uses it, one that does not say, and one that is only known by its login."""
    broker = office.hall.broker
    with Cabinet("galaga-01", broker) as galaga, Cabinet("pacman-02", broker) as pacman:
        galaga.say(tokenTag=token_tag(machine_token(NEW, "galaga-01", 1)), timestamp="now")
        pacman.say(tokenTag=token_tag(machine_token(OLD, "pacman-02", 1)), timestamp="now")
        status, said = office.run("rotate", "relay-secret", RELAY_SECRET=BOTH)
        assert status == 1
        assert said.splitlines()[:3] == [
            "machine    token  last seen",
            "galaga-01  new    now",
            "pacman-02  old    now",
        ]
        with pytest.raises(NotRotated, match="1 would be shut out"):
            office.run("rotate", "relay-secret", "--finish", RELAY_SECRET=BOTH)
        pacman.say_raw(b"")
        with pytest.raises(NotRotated, match="1 would be shut out"):
            office.run("rotate", "relay-secret", "--finish", RELAY_SECRET=BOTH)
        pacman.say(tokenTag=token_tag(machine_token(NEW, "pacman-02", 1)))
        status, said = office.run("rotate", "relay-secret", "--finish", RELAY_SECRET=BOTH)
    assert status == 0
    assert f"RELAY_SECRET={NEW} and FORMER_RELAY_TAGS={relay_tag(OLD)}" in said


def test_nothing_is_finished_that_was_not_begun(office: Office) -> None:
    """Each says what there is."""
    for arguments, words in (
        (("relay-secret", "--finish"), "RELAY_SECRET is one secret"),
        (("webhook-secret", "--finish"), "STRIPE_WEBHOOK_SECRET is one secret"),
        (("broker-password", "--remove", "cloud.relay2"), "cloud.relay2 is not there"),
        (("broker-password", "--remove", "cloud.relay"), "cloud.relay is the login in MQTT_USERNAME"),
        (("broker-password", "--remove", "galaga-01"), "galaga-01 is no login of the relay's"),
    ):
        with pytest.raises(NotRotated, match=words):
            office.run("rotate", *arguments)
    assert office.lets_in("cloud.relay", PASSWORDS["cloud.relay"])


def test_a_file_that_cannot_be_written_is_as_it_was(office: Office) -> None:
    """And nothing is left beside it."""
    with pytest.raises(FileTrouble, match="cannot be written"):
        office.run("rotate", "relay-secret", "--env", str(office.folder / "none" / "relay.env"))


def test_the_relay_s_next_login_is_made_once(office: Office) -> None:
    """A second run says who is there and changes nothing, whichever environment it is given."""
    broker, file = office.hall.broker, office.folder / "relay.env"
    broker.passwords["cloud.relay2"] = ""  # by which its listener is chosen
    office.run("rotate", "broker-password", "--env", str(file))
    password = read_env(file.read_text())["MQTT_PASSWORD"]
    wait_until(lambda: office.lets_in("cloud.relay2", password), "the other login")
    status, said = office.run("rotate", "broker-password", "--env", str(file))
    assert (status, said.splitlines()[0]) == (
        1,
        "The broker lets cloud.relay2 in, and cloud.relay is there, too: if every process has cloud.relay2 "
        "by now, --remove cloud.relay.",
    )
    status, said = office.run("rotate", "broker-password")
    assert (status, "If the password of cloud.relay2 was lost" in said) == (1, True)
    assert read_env(file.read_text())["MQTT_PASSWORD"] == password
    assert office.lets_in("cloud.relay2", password)
    assert office.lets_in("cloud.relay", PASSWORDS["cloud.relay"])


def test_by_hand_the_next_login_comes_before_the_setting(office: Office) -> None:
    """A relay that was restarted before it would have no broker."""
    office.logins = False
    _, said = office.run("rotate", "broker-password")
    steps = ("Add the user cloud.relay2", "MQTT_PASSWORD=", "Restart the relay")
    places = [said.index(words) for words in steps]
    assert places == sorted(places)


def test_a_relay_with_another_login_has_no_second_one(office: Office) -> None:
    """The rules would give it no rights."""
    broker = office.hall.broker
    with pytest.raises(NotRotated, match="MQTT_USERNAME is 'relay': the access rules know the relay as"):
        office.run("rotate", "broker-password", MQTT_USERNAME="relay")
    assert "cloud.relay2" not in (broker.folder / "services.passwords").read_text()


FLEETS_FIRST = "fleets-first-password"


def fleet_file(office: Office) -> Path:
    """The fleet's environment file, with a login that the broker lets in."""
    broker, file = office.hall.broker, office.folder / "fleet.env"
    broker.passwords |= dict.fromkeys(FLEETS, "")  # by which their listener is chosen
    file.write_text(f"FLEET_ZONE=UTC\nMQTT_USERNAME=cloud.fleet\nMQTT_PASSWORD={FLEETS_FIRST}\n")
    MosquittoLogins(broker.folder).add("cloud.fleet", FLEETS_FIRST)
    wait_until(lambda: office.lets_in("cloud.fleet", FLEETS_FIRST), "the fleet's login")
    return file


def test_the_fleet_s_password_is_changed_with_the_old_login_beside_the_new_one(office: Office) -> None:
    """Its own file says the new one, and the relay's nothing of it; the old one goes when it is told to."""
    file = fleet_file(office)
    status, said = office.run("rotate", "fleet-password", "--fleet-env", str(file))
    kept = read_env(file.read_text())
    assert (status, kept["FLEET_ZONE"], kept["MQTT_USERNAME"]) == (0, "UTC", "cloud.fleet2")
    assert "cloud.fleet2 is the fleet's login from now on" in said
    assert "Restart the fleet, every process of it (sudo systemctl restart arcade-fleet)" in said
    assert kept["MQTT_PASSWORD"] not in said
    wait_until(lambda: office.lets_in("cloud.fleet2", kept["MQTT_PASSWORD"]), "the other login")
    assert office.lets_in("cloud.fleet", FLEETS_FIRST)
    status, said = office.run("rotate", "fleet-password", "--fleet-env", str(file))
    assert (status, said.splitlines()[0]) == (
        1,
        "The broker lets cloud.fleet2 in, and cloud.fleet is there, too: if every process has cloud.fleet2 "
        "by now, --remove cloud.fleet.",
    )
    remove = ("rotate", "fleet-password", "--fleet-env", str(file), "--remove")
    with pytest.raises(NotRotated, match=r"cloud\.fleet2 is the login in MQTT_USERNAME"):
        office.run(*remove, "cloud.fleet2")
    with pytest.raises(NotRotated, match=r"cloud\.relay is no login of the fleet's"):
        office.run(*remove, "cloud.relay")
    assert office.run(*remove, "cloud.fleet")[0] == 0
    wait_until(lambda: not office.lets_in("cloud.fleet", FLEETS_FIRST), "its end")
    assert office.lets_in("cloud.fleet2", kept["MQTT_PASSWORD"])
    assert office.lets_in("cloud.relay", PASSWORDS["cloud.relay"])


def test_the_old_login_of_a_fleet_stays_while_its_new_one_is_not_let_in(office: Office) -> None:
    """Removing it would leave the fleet outside."""
    file = fleet_file(office)
    MosquittoLogins(office.hall.broker.folder).add("cloud.fleet2", "lost-before-it-was-written-down")
    file.write_text("MQTT_USERNAME=cloud.fleet2\nMQTT_PASSWORD=another-password\n")
    with pytest.raises(BrokerUnavailable):
        office.run("rotate", "fleet-password", "--fleet-env", str(file), "--remove", "cloud.fleet")
    assert office.lets_in("cloud.fleet", FLEETS_FIRST)


def test_a_fleet_without_a_login_has_none_to_change(office: Office) -> None:
    """It is made by `setup broker`; a name that the rules do not know is not made up."""
    file = office.folder / "fleet.env"
    with pytest.raises(NotRotated, match=r"has no login cloud\.fleet yet: `setup broker --fleet-env"):
        office.run("rotate", "fleet-password", "--fleet-env", str(file))
    file = fleet_file(office)
    file.write_text("MQTT_USERNAME=fleet\n")
    with pytest.raises(NotRotated, match=r"rules know the fleet as cloud\.fleet and cloud\.fleet2"):
        office.run("rotate", "fleet-password", "--fleet-env", str(file))
