"""`check` and the broker: a real Mosquitto with TLS, and everything that can be wrong with it."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from broker_links import Link
from check_parts import a_config
from conftest import PASSWORDS, wait_until
from relay_parts import mqtt_client, publish_reason

from controller.check.broker import check_broker
from controller.config.keys import BrokerConfig, Config
from controller.model.events import BrokerConnected
from controller.pages.findings import Finding, note, ok, wrong
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.mosquitto_conf import ONE_ID_A_LOGIN
from simulator.chain.ports import free_port

MACHINE = "galaga-01"
OBSERVER = "test.observer"
HOW = ": tried with a message marked as a check, which is not retained"
RULES = "Give the broker the access rules of cloud_relay/broker/shipped"
ALLOWED = [
    ok("logged in as galaga-01: the password is right"),
    ok("may subscribe to galaga-01/coinpulse"),
    ok(f"may publish galaga-01/gameover{HOW}"),
    ok(f"may publish galaga-01/status{HOW}"),
]
FORBIDDEN = [
    ok("may not publish coinpulse"),
    ok("may subscribe to another machine's coinpulse, and is sent nothing of what it may not read"),
]
NOT_TRIED = [
    ok("the running controller is logged in as galaga-01"),
    note(
        "its rules were not tried: at some brokers a second login ends the first. To try them, when nobody "
        "plays: sudo systemctl stop arcade-controller; sudo cabinet check; "
        "sudo systemctl start arcade-controller"
    ),
]


def config_for(tmp_path: Path, broker: Broker, **changes: object) -> Config:
    """galaga-01's, for this broker."""
    mqtt = BrokerConfig("localhost", broker.port, PASSWORDS[MACHINE], broker.ca_file)
    return a_config(tmp_path, broker=replace(mqtt, **changes))  # type: ignore[arg-type]


def found(config: Config, *, daemon_connected: bool = False, alone: bool = True) -> list[Finding]:
    """What is found, without the day on which the test's certificate ends."""
    findings = check_broker(config, daemon_connected=daemon_connected, alone=alone)
    return [replace(each, text=each.text.partition(" until ")[0]) for each in findings]


def reached(broker: Broker) -> list[Finding]:
    return [
        ok(f"localhost (127.0.0.1) answers at port {broker.port}"),
        ok("its certificate is good for localhost"),
    ]


@pytest.fixture(autouse=True)
def _ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker listens on 127.0.0.1 alone, wherever localhost points first."""
    monkeypatch.setenv("RES_OPTIONS", "no-aaaa")


def test_a_broker_with_the_shipped_rules_is_well(tmp_path: Path, broker: Broker) -> None:
    """Every right is tried, and every wrong one."""
    assert found(config_for(tmp_path, broker)) == reached(broker) + ALLOWED + FORBIDDEN


def test_the_running_cabinet_is_not_thrown_out_and_its_status_stays(tmp_path: Path) -> None:
    """The check may be run while people play; here a second login would end the first."""
    rules = f"user {OBSERVER}\ntopic read arcade/#\n"
    with Broker(tmp_path / "broker", PASSWORDS | {OBSERVER: "secret"}, extra_rules=rules) as broker:
        cabinet = mqtt_client(broker, MACHINE, PASSWORDS[MACHINE])
        ends: list[str] = []
        cabinet.on_disconnect = lambda *_: ends.append("thrown out")
        said = cabinet.publish(f"arcade/machine/{MACHINE}/status", b"selling", qos=1, retain=True)
        said.wait_for_publish(5)
        findings = found(config_for(tmp_path, broker), daemon_connected=True, alone=False)
        thrown_out, expected = list(ends), reached(broker) + NOT_TRIED
        retained: list[bytes] = []
        observer = mqtt_client(broker, OBSERVER, "secret")
        observer.on_message = lambda _c, _u, message: retained.append(message.payload)
        observer.subscribe("arcade/#", qos=1)
        wait_until(lambda: retained, "the retained status")
        for client in (cabinet, observer):
            client.disconnect()
            client.loop_stop()

    assert (retained, thrown_out) == ([b"selling"], [])
    assert findings == expected


def test_a_controller_that_is_about_to_connect_is_not_met_there(tmp_path: Path, broker: Broker) -> None:
    """One of the two would end the other's connection."""
    findings = found(config_for(tmp_path, broker), alone=False)
    assert findings == [*reached(broker), NOT_TRIED[1]]
    assert f" as {MACHINE}" not in broker.log_file.read_text()


@pytest.mark.parametrize("without", [(), (ONE_ID_A_LOGIN,)], ids=["one id a login", "ids of one's own"])
def test_a_stopped_cabinet_s_session_is_found_as_it_was_left(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    """The coin that waits in it comes to the cabinet, by the one subscription that it made."""
    with Broker(tmp_path / "broker", PASSWORDS, without=without) as broker:
        config = config_for(tmp_path, broker)
        cabinet = Link(config.broker, MACHINE)
        cabinet.begin()
        cabinet.leave()
        relay = mqtt_client(broker, RELAY_USERNAME, PASSWORDS[RELAY_USERNAME])
        assert publish_reason(relay, f"arcade/machine/{MACHINE}/coinpulse", b"queued") == 0
        assert found(config) == reached(broker) + ALLOWED + FORBIDDEN
        assert cabinet.begin() == BrokerConnected(session_present=True)
        wait_until(lambda: cabinet.heard, "the coin that waited")
        cabinet.leave()
        relay.disconnect()
        relay.loop_stop()
        own = set(re.findall(rf"{MACHINE}/coinpulse \(QoS (\d)\)", broker.log_file.read_text()))

    assert (cabinet.heard, own) == ([b"queued"], {"1"})


def test_a_wrong_password_is_told(tmp_path: Path, broker: Broker) -> None:
    """Mosquitto calls it "not authorized"."""
    assert found(config_for(tmp_path, broker, password="wrong"))[2:] == [
        wrong(
            "it does not let galaga-01 in: Not authorized: it does not know this name, or not with this "
            "password",
            "See that the broker has a user galaga-01, and write its password into broker.password.",
        )
    ]


def test_a_certificate_of_another_authority_is_told(tmp_path: Path, broker: Broker) -> None:
    """A wrong ca_file, or somebody in between."""
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(other))
    finding = found(config_for(tmp_path, broker, ca_file=other))[-1]
    assert finding.text.startswith("its certificate is refused: ")
    assert finding.remedy == (
        "Set broker.ca_file to the certificate of the authority that signed the broker's."
    )


@pytest.fixture
def misnamed(tmp_path: Path) -> Iterator[Broker]:
    """A broker at localhost that can only prove to be broker.example."""
    authority, folder = trustme.CA(), tmp_path / "misnamed"
    folder.mkdir()
    other = authority.issue_cert("broker.example")
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    other.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.crt").write_bytes(b"".join(part.bytes() for part in other.cert_chain_pems))
    with Broker(folder, PASSWORDS) as running:
        yield running


def test_a_certificate_for_another_name_is_told(tmp_path: Path, misnamed: Broker) -> None:
    """An address in config.yaml, say, where the certificate has a name."""
    assert found(config_for(tmp_path, misnamed))[1:] == [
        wrong(
            "its certificate is refused: Hostname mismatch, certificate is not valid for 'localhost'.",
            "Write into broker.host the very name that the certificate was issued for.",
        )
    ]


def test_a_broker_without_rules_lets_cabinets_give_away_credits(tmp_path: Path) -> None:
    """It works, and must not stay so."""
    with Broker(tmp_path / "broker", PASSWORDS, extra_rules="pattern readwrite #\n") as broker:
        assert found(config_for(tmp_path, broker))[6:] == [
            wrong(
                "may publish galaga-01/coinpulse, not-galaga-01/coinpulse, and must not",
                f"{RULES}: as it is, whoever has a cabinet's password can give away credits.",
            ),
            wrong(
                "may read what other machines are sent, and must not",
                f"{RULES}: as it is, one cabinet can listen to another.",
            ),
        ]


class ListenersOnly(Broker):
    """A broker whose rules let cabinets hear everything, and say nothing."""

    def _write_files(self) -> None:
        super()._write_files()
        (self.folder / "cabinets.acl").write_text("pattern read #\n")


def test_a_cabinet_that_may_not_say_what_it_must_is_told(tmp_path: Path) -> None:
    """Nobody would know that it sells, and nothing would be sold."""
    with ListenersOnly(tmp_path / "broker", PASSWORDS) as broker:
        assert found(config_for(tmp_path, broker))[4:6] == [
            wrong("may not publish galaga-01/gameover", f"{RULES}, which allow it."),
            wrong("may not publish galaga-01/status", f"{RULES}, which allow it."),
        ]


def test_a_port_where_nobody_listens_is_told(tmp_path: Path, broker: Broker) -> None:
    """With what to look at."""
    port = free_port()
    assert found(config_for(tmp_path, broker, port=port)) == [
        wrong(
            f"localhost (127.0.0.1) does not answer at port {port}: Connection refused",
            "Check broker.host and its port, that it runs, and that no firewall is in between.",
        )
    ]


def test_a_name_that_nobody_has_is_told(tmp_path: Path, broker: Broker) -> None:
    """The commonest typing error."""
    (finding,) = found(config_for(tmp_path, broker, host="brocker.invalid"))
    assert finding.text.startswith("brocker.invalid is not found: ")
    assert finding.remedy == (
        "Mend broker.host if it is misspelt; else see to the network: ip address, resolvectl."
    )


def test_a_port_without_tls_is_told(tmp_path: Path, broker: Broker) -> None:
    """1883 in the place of 8883: it speaks first, or hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def hang_up() -> None:
            plain.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        finding = found(config_for(tmp_path, broker, port=plain.getsockname()[1]))[-1]
    assert " does not speak TLS: " in finding.text
    assert finding.remedy == "Give broker.host the port that speaks TLS."


def test_the_password_is_never_said(tmp_path: Path, broker: Broker) -> None:
    """Pages are sent to whoever may help."""
    right, other = config_for(tmp_path, broker), config_for(tmp_path, broker, password="wr0ng")
    told = repr(found(right)) + repr(found(other))
    assert (PASSWORDS[MACHINE] in told, "wr0ng" in told) == (False, False)
