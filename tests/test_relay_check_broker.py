"""`check` and the relay's broker: a real Mosquitto, and the mistakes that people make with it."""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cloud_parts import cloud
from conftest import PASSWORDS, wait_until
from fake_broker import RETAIN_UNAVAILABLE, Answers, fake_broker
from fake_emqx import KEY, SECRET, FakeEmqx, listening
from fake_emqx_access import BUILT_IN, Access
from fake_emqx_settings import Settings
from relay_parts import mqtt_client

from cloud_relay.errors import LoginsFailed
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.emqx_api import EmqxAccess, EmqxApi
from cloud_relay.operator.check.broker import look_at_broker, look_at_settings
from cloud_relay.operator.check.broker_as_cabinet import look_as_cabinet
from cloud_relay.operator.setup.emqx import set_up_emqx
from cloud_relay.pages.check.findings import Finding, Grade, all_well, note, ok, warning, wrong
from cloud_relay.settings import MqttSettings
from simulator.chain.broker import RELAY_USERNAME, Broker
from simulator.chain.mosquitto_conf import ONE_ID_A_LOGIN, SMALL_PACKETS
from simulator.chain.ports import free_port, listens

pytestmark = pytest.mark.cloud
SETUP = "Give the broker the access rules: python -m cloud_relay setup broker"
OWN_ONLY = f"{SETUP}; as it is, one cabinet can listen to another or speak for it."
ANYBODY = (
    "Switch the broker's authentication on (python -m cloud_relay setup broker; Mosquitto: allow_anonymous "
    "false and a password_file): as it is, anybody can sell credits."
)
PORT = "Write the port that speaks TLS into MQTT_PORT: 8883 at EMQX, 8884 with the shipped mosquitto.conf"
AS_RELAY = [
    ok("logged in as cloud.relay: the password is right"),
    ok("it takes messages of up to 16384 bytes"),
    ok("two of the relay's processes can be connected at once"),
    ok("the relay may publish a machine's gameover"),
    ok("the relay may publish a machine's coinpulse"),
    ok("the relay may subscribe to a machine's status"),
    ok("the relay may subscribe to all machines' statuses"),
    ok("the relay may not publish a machine's status"),
]
AS_CABINET = [
    ok("a cabinet may hear its coinpulse"),
    ok("a cabinet may publish its gameover"),
    ok("a cabinet may publish its status"),
    ok("a cabinet may not publish coinpulse"),
    ok("a cabinet may not speak for another"),
    ok("a cabinet is sent its coinpulse, and no other's"),
    ok("a cabinet's status is kept, and its last will comes"),
    ok("a message waits for a cabinet that is away, and is dropped after its expiry"),
    ok("no other login can take a cabinet's session"),
]
BY_HAND = note(
    "a cabinet's rights were not looked at: that takes a login of its own, which only the broker's console "
    "can make (see EMQX_API_URL and MOSQUITTO_FOLDER in cloud_relay/README.md). A cabinet's own look: sudo "
    "cabinet check"
)


@pytest.fixture(autouse=True)
def _ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker listens on 127.0.0.1 alone, wherever localhost points first."""
    monkeypatch.setenv("RES_OPTIONS", "no-aaaa")


@contextmanager
def a_broker(
    folder: Path, change: Callable[[str], str], *, without: tuple[str, ...] = ()
) -> Iterator[Broker]:
    """One whose mosquitto.conf somebody changed."""

    class Changed(Broker):
        def _write_files(self) -> None:
            super()._write_files()
            file = self.folder / "mosquitto.conf"
            changed = change(file.read_text())
            assert change is shipped or changed != file.read_text()
            file.write_text(changed)

    with Changed(folder, dict(PASSWORDS), without=without) as running:
        yield running


def shipped(text: str) -> str:
    """As it is."""
    return text


def settings(broker: Broker, **changes: object) -> MqttSettings:
    """The relay's."""
    mqtt = MqttSettings("localhost", broker.services_port, RELAY_USERNAME, "relay-password", broker.ca_file)
    return replace(mqtt, **changes)  # type: ignore[arg-type]


def found(broker: Broker, *, by_hand: bool = False, **changes: object) -> list[Finding]:
    """What is found, without the days that the test's certificate has left."""
    logins = logins_from({} if by_hand else {"MOSQUITTO_FOLDER": str(broker.folder)})
    findings = look_at_broker(settings(broker, **changes), logins, 180)
    return [replace(each, text=re.sub(r", for \d+ more days", "", each.text)) for each in findings]


def reached(broker: Broker) -> list[Finding]:
    return [
        ok(f"localhost (127.0.0.1) answers at port {broker.services_port}"),
        ok("its certificate is good for localhost"),
    ]


def test_the_shipped_broker_is_well_and_left_as_it_was(tmp_path: Path) -> None:
    """Each right is tried with logins that are gone afterwards, and nobody who is connected notices."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        ends: list[str] = []
        cabinet = mqtt_client(broker, "galaga-01", "galaga-password")
        cabinet.on_disconnect = lambda *_: ends.append("thrown out")
        assert found(broker) == [*reached(broker), *AS_RELAY, *AS_CABINET]
        logins = logins_from({"MOSQUITTO_FOLDER": str(broker.folder)})
        assert (logins.names(), ends) == (sorted(PASSWORDS), [])
        assert found(broker, by_hand=True) == [*reached(broker), *AS_RELAY, BY_HAND]
        heard: list[str] = []
        relay = mqtt_client(broker, RELAY_USERNAME, "relay-password")
        relay.on_message = lambda _c, _u, message: heard.append(message.topic)
        granted: list[int] = []
        relay.on_subscribe = lambda _c, _u, mid, _r, _p: granted.append(mid)
        relay.subscribe("arcade/machine/+/status", qos=1)
        wait_until(lambda: granted, "the SUBACK, behind which kept messages come first")
        relay.subscribe("arcade/machine/+/status", qos=1)
        wait_until(lambda: len(granted) == 2, "the second SUBACK")
        assert heard == []
        for client in (cabinet, relay):
            client.disconnect()
            client.loop_stop()


def test_a_plain_port(tmp_path: Path) -> None:
    """1883, or 8883's neighbour without certificates."""
    port = free_port()
    listener = f"listener {port} 127.0.0.1\nallow_anonymous true\n"
    with a_broker(tmp_path / "broker", lambda text: text + listener) as broker:
        wait_until(lambda: listens(port), "the plain listener")
        finding = found(broker, port=port)[-1]
    assert (finding.text.split(":")[0], finding.remedy) == (f"port {port} does not speak TLS", PORT)


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    """8884 at a broker that has one listener."""
    port = free_port()
    with a_broker(tmp_path / "broker", shipped) as broker:
        assert found(broker, port=port) == [
            wrong(
                f"localhost (127.0.0.1) does not answer at port {port}: Connection refused",
                f"See that it runs, and that no firewall is in between; or w{PORT[1:]}",
            )
        ]


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "relay"}])
def test_a_wrong_password_or_name(tmp_path: Path, changes: dict[str, str]) -> None:
    """Mosquitto does not tell the one from the other."""
    name = changes.get("username", RELAY_USERNAME)
    with a_broker(tmp_path / "broker", shipped) as broker:
        assert found(broker, **changes)[2:] == [
            wrong(
                f"it does not let {name} in: Not authorized: it does not know this name, or not with this "
                "password",
                f"See that the broker has a user {name} (at the shipped Mosquitto's port 8884), and write "
                "its password into MQTT_PASSWORD; python -m cloud_relay setup broker makes it.",
            )
        ]


def test_the_cabinets_port(tmp_path: Path) -> None:
    """MQTT_PORT was left at 8883, with the shipped Mosquitto."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        assert "(at the shipped Mosquitto's port 8884)" in found(broker, port=broker.port)[-1].remedy


def with_certificate(folder: Path, host: str, *, not_after: datetime | None = None) -> None:
    """Put an authority and the broker's certificate there, as the broker finds its own."""
    authority = trustme.CA()
    folder.mkdir()
    server = authority.issue_cert(host, not_after=not_after)
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.crt").write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))


@pytest.mark.parametrize(
    ("host", "days", "text", "remedy"),
    [
        (
            "broker.example.com",
            90,
            "Hostname mismatch, certificate is not valid for 'localhost'.",
            "Write into MQTT_BROKER the very name that the certificate was issued for.",
        ),
        (
            "localhost",
            -1,
            "certificate has expired",
            "Have the certificate renewed, or set this machine's clock if it is ahead.",
        ),
    ],
)
def test_a_certificate_for_another_name_or_one_that_expired(
    tmp_path: Path, host: str, days: int, text: str, remedy: str
) -> None:
    """An address in MQTT_BROKER, say; or nobody renewed it."""
    with_certificate(tmp_path / "broker", host, not_after=datetime.now(UTC) + timedelta(days=days))
    with a_broker(tmp_path / "broker", shipped) as broker:
        assert found(broker)[1:] == [wrong(f"its certificate is refused: {text}", remedy)]


def test_a_certificate_that_soon_expires(tmp_path: Path) -> None:
    """It works for now."""
    with_certificate(tmp_path / "broker", "localhost", not_after=datetime.now(UTC) + timedelta(days=3.5))
    with a_broker(tmp_path / "broker", shipped) as broker:
        finding = look_at_broker(settings(broker), logins_from({}), 180)[1]
    text = "its certificate is good for localhost, for 3 more days"
    assert finding == warning(text, "Have it renewed: without it nothing is sold.")


def test_a_missing_authority(tmp_path: Path) -> None:
    """MQTT_CA_FILE was forgotten, or names another authority."""
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(other))
    with a_broker(tmp_path / "broker", shipped) as broker:
        for ca_file in (None, other):
            finding = found(broker, ca_file=ca_file)[-1]
            assert finding.text.startswith("its certificate is refused: ")
            assert finding.remedy == (
                "Set MQTT_CA_FILE to the certificate of the authority that signed the broker's."
            )


def test_anonymous_clients(tmp_path: Path) -> None:
    """Names are still asked for their passwords, so that this is easily overlooked."""
    change = lambda text: text.replace("allow_anonymous false", "allow_anonymous true")  # noqa: E731
    with a_broker(tmp_path / "broker", change) as broker:
        lines = found(broker, by_hand=True)[2:]
    assert lines == [wrong("it lets in whoever comes with no name at all", ANYBODY), *AS_RELAY[1:], BY_HAND]


def test_no_passwords_at_all(tmp_path: Path) -> None:
    """Without a password_file Mosquitto takes every name."""
    change = lambda text: re.sub(r"password_file .*\n", "", text).replace(  # noqa: E731
        "allow_anonymous false", "allow_anonymous true"
    )
    with a_broker(tmp_path / "broker", change) as broker:
        finding = found(broker, by_hand=True)[2]
    everybody = "a made-up name, or no name at all, or a made-up password of cloud.relay"
    assert finding == wrong(f"it lets in whoever comes with {everybody}", ANYBODY)


def rules(broker: Broker, who: str, text: str) -> None:
    """Give the running broker other rules."""
    (broker.folder / f"{who}.acl").write_text(text)
    before = broker.log_file.read_text().count("Reloading config")
    client = mqtt_client(broker, RELAY_USERNAME, "relay-password")  # it listens before it catches signals
    client.disconnect()
    client.loop_stop()
    os.kill(int((broker.folder / "mosquitto.pid").read_text()), signal.SIGHUP)
    wait_until(lambda: broker.log_file.read_text().count("Reloading config") > before, "the new rules")


def test_a_relay_that_may_not_sell(tmp_path: Path) -> None:
    """Its rules forget coinpulse, and the rest is fine."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        rules(
            broker,
            "services",
            "user cloud.relay\ntopic write arcade/machine/+/gameover\ntopic read arcade/machine/+/status\n",
        )
        lines = found(broker, by_hand=True)
    refused = wrong("the relay may not publish a machine's coinpulse", f"{SETUP}; they allow it.")
    assert lines == [*reached(broker), *AS_RELAY[:4], refused, *AS_RELAY[5:], BY_HAND]


def test_rules_that_allow_everything(tmp_path: Path) -> None:
    """It sells, and everybody could."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        rules(broker, "services", "user cloud.relay\ntopic readwrite #\n")
        rules(broker, "cabinets", "pattern readwrite #\n")
        lines = found(broker)
    assert [each for each in lines if not all_well([each])] == [
        wrong(
            "the relay may publish a machine's status, and must not: the rules allow too much",
            f"{SETUP}; whoever has any login may do anything.",
        ),
        wrong(
            "a cabinet may publish coinpulse, and must not",
            f"{SETUP}; as it is, whoever has a cabinet's password can give away credits.",
        ),
        wrong("a cabinet may speak for another, and must not", OWN_ONLY),
        wrong("a cabinet may hear what another is sent, and must not", OWN_ONLY),
    ]


def test_a_cabinet_that_hears_others(tmp_path: Path) -> None:
    """Mosquitto grants every subscription: only what comes shows it."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        text = (broker.folder / "cabinets.acl").read_text()
        rules(broker, "cabinets", text + "pattern read arcade/machine/+/coinpulse\n")
        lines = found(broker)
    assert [each for each in lines if not all_well([each])] == [
        wrong("a cabinet may hear what another is sent, and must not", OWN_ONLY)
    ]


def test_cabinets_that_may_not_say_their_status(tmp_path: Path) -> None:
    """Nothing would be sold, and everybody could log in."""
    with a_broker(tmp_path / "broker", shipped) as broker:
        text = (broker.folder / "cabinets.acl").read_text()
        rules(broker, "cabinets", text.replace("pattern write arcade/machine/%u/status\n", ""))
        lines = found(broker)
    assert [each for each in lines if not all_well([each])] == [
        wrong("a cabinet may not publish its status", f"{SETUP}; they allow it."),
        wrong(
            "a cabinet's status is not kept",
            "See the broker's retained messages: without them no door sees that a machine is ready.",
        ),
    ]


def test_a_broker_that_keeps_nothing(tmp_path: Path) -> None:
    """No retained messages: no door ever sees a machine."""
    with a_broker(tmp_path / "broker", lambda text: "retain_available false\n" + text) as broker:
        lines = found(broker)
    assert [each.text for each in lines if not all_well([each])] == [
        "it keeps no retained messages",
        "it does not let in a cabinet that leaves a last will: Retain not supported",
    ]


def test_ids_that_follow_the_login(tmp_path: Path) -> None:
    """use_username_as_clientid for the relay: its processes throw each other out, many times a second."""

    def change(text: str) -> str:
        before, services, after = text.partition("/services.passwords\n")
        return before + services + "use_username_as_clientid true\n" + after

    with a_broker(tmp_path / "broker", change) as broker:
        lines = found(broker, by_hand=True)
    assert lines[4] == wrong(
        "a second connection of the relay's login ends the first",
        "Let the relay's processes have client ids of their own: no use_username_as_clientid for the relay's "
        "login (EMQX: mqtt.clientid_override as in broker/shipped/emqx.conf).",
    )


def test_ids_that_any_login_may_name_and_messages_of_any_length(tmp_path: Path) -> None:
    """A sale works all the same: both are to be known."""
    with a_broker(tmp_path / "broker", shipped, without=(ONE_ID_A_LOGIN, SMALL_PACKETS)) as broker:
        lines = found(broker)
    assert [each.text for each in lines if each.remedy] == [
        "it takes messages of any length",
        "whoever has any login can take a cabinet's session, if it knows its id",
    ]
    assert all_well(lines)


def test_logins_of_another_broker(tmp_path: Path) -> None:
    """MOSQUITTO_FOLDER names a folder that this broker does not read."""
    other = tmp_path / "other"
    other.mkdir()
    for kind in ("cabinets", "services"):
        (other / f"{kind}.passwords").write_text("")
    with a_broker(tmp_path / "broker", shipped) as broker:
        logins = logins_from({"MOSQUITTO_FOLDER": str(other)})
        last = look_at_broker(settings(broker), logins, 180)[-1]
    assert last == note(
        "a cabinet's rights were not looked at: Have Mosquitto read its passwords again: sudo systemctl "
        "reload mosquitto (in a container: send it SIGHUP)"
    )
    assert (other / "cabinets.passwords").read_text() == ""


def test_the_broker_is_a_part_of_the_check(tmp_path: Path) -> None:
    """With the logins that the environment leads to; a variable of theirs that is wrong is told."""
    with a_broker(tmp_path / "broker", shipped) as broker, cloud(broker) as made:
        made.variables["MOSQUITTO_FOLDER"] = str(broker.folder)
        assert made.found("broker")[2:] == [*AS_RELAY, *AS_CABINET]
        made.variables["EMQX_API_KEY"] = "key"
        remedy = "Mend it; or unset EMQX_API_URL, EMQX_API_KEY, EMQX_API_SECRET and MOSQUITTO_FOLDER."
        assert made.found("broker") == [
            wrong("EMQX_API_URL is not set", remedy),
            wrong("EMQX_API_SECRET is not set", remedy),
        ]


def test_an_emqx_that_is_another_broker_s(tmp_path: Path) -> None:
    """The logins that were made there are not known at MQTT_BROKER; they are taken away all the same."""
    access, fake = Access([{"id": BUILT_IN, "mechanism": "password_based"}]), FakeEmqx()
    access.serve_at(fake)
    with a_broker(tmp_path / "broker", shipped) as broker, listening(fake):
        logins = logins_from(fake.environment())
        last = look_at_broker(settings(broker, port=broker.services_port), logins, 180)[-1]
    assert last == wrong(
        f"a login that was made at {logins.where} is not let in at port {broker.services_port}",
        "See that this is the broker of MQTT_BROKER, and that it reads these logins.",
    )
    assert (access.users, len(fake.changes)) == ({}, 4)


def test_what_an_emqx_s_settings_lack(tmp_path: Path) -> None:
    """A limit, say, that nobody sees over MQTT; and a key that may not look."""
    access, emqx_settings, fake = Access(), Settings(), FakeEmqx()
    access.serve_at(fake)
    emqx_settings.serve_at(fake)
    out = io.StringIO()
    with listening(fake):
        api = EmqxApi(EmqxAccess(fake.url, KEY, SECRET))
        before, _ = look_at_settings(api)
        set_up_emqx(api, out, replace=False, dry_run=False)
        after = look_at_settings(api)
        emqx_settings.retainer["max_publish_rate"] = "1000/s"
        limited, is_open = look_at_settings(api)
        (unseen,) = look_at_settings(EmqxApi(EmqxAccess(fake.url, KEY, "wrong")))
    remedy = "Look at all of it: python -m cloud_relay setup broker --dry-run"
    assert (before.grade, before.remedy) == (Grade.WARNING, remedy)
    assert after == [ok("EMQX's settings and rules are those of setup broker"), is_open]
    assert is_open == warning(
        "its listener tcp:default at 0.0.0.0:1883 takes passwords without TLS",
        "Stop it in EMQX's dashboard (Management, Listeners), if nobody comes that way.",
    )
    assert limited == warning(
        "EMQX is not as setup broker would have it: it would set retainer.max_publish_rate = 10000/s (it was "
        "1000/s)",
        remedy,
    )
    assert unseen.text.startswith("EMQX's settings were not looked at: EMQX refuses to list its sources")


def test_a_broker_that_keeps_one_message_for_who_is_away(tmp_path: Path) -> None:
    """A coin that comes while the Wi-Fi is away waits for the relay to send it again."""
    change = lambda text: text.replace("max_queued_messages 20000", "max_queued_messages 1")  # noqa: E731
    with a_broker(tmp_path / "broker", change) as broker:
        lines = found(broker)
    assert [each.text for each in lines if each.grade is Grade.WARNING] == [
        "it keeps a cabinet's session, but not what was sent while it was away"
    ]


SILENT = note(
    "it does not say when nobody hears a message (reason 16): a sale to a machine that is gone ends later"
)
ANY_LENGTH = warning(
    "it takes messages of any length", "Set the broker's max_packet_size to 16 KiB, as in broker/shipped."
)
KNOWN = {RELAY_USERNAME: "relay-password"}
EMQX = [AS_RELAY[0], ANY_LENGTH, *AS_RELAY[2:5], SILENT, *AS_RELAY[5:], BY_HAND]


def refused(reason: str, remedy: str) -> list[Finding]:
    return [wrong(f"it does not let cloud.relay in: {reason}", remedy)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Answers(KNOWN), EMQX),
        (Answers(KNOWN, hangs_up="at once"), EMQX),
        (Answers(KNOWN, hangs_up="after"), EMQX),
        (
            Answers({RELAY_USERNAME: "another"}),
            refused(
                "Bad user name or password",
                "Write the password of the broker's user cloud.relay into MQTT_PASSWORD.",
            ),
        ),
        (
            Answers({}),
            refused(
                "Not authorized: it does not know this name, or not with this password",
                "See that the broker has a user cloud.relay (at the shipped Mosquitto's port 8884), and "
                "write its password into MQTT_PASSWORD; python -m cloud_relay setup broker makes it.",
            ),
        ),
        (
            Answers(None),
            [
                wrong(
                    "it lets in whoever comes with a made-up name, or a made-up password of cloud.relay",
                    ANYBODY,
                ),
                *EMQX[1:],
            ],
        ),
        (
            Answers(KNOWN, tells=RETAIN_UNAVAILABLE),
            [
                EMQX[0],
                wrong(
                    "it keeps no retained messages",
                    "Switch them on (Mosquitto: retain_available true; EMQX: mqtt.retain_available): without "
                    "them no door ever sees a machine's status, and nothing is sold.",
                ),
                *EMQX[1:],
            ],
        ),
        (
            Answers(KNOWN, tells=b"\x27\x00\x00\x04\x00"),  # (3.2.2.3.6)
            [
                EMQX[0],
                wrong(
                    "it takes no message longer than 1024 bytes: a cabinet's may have 8 KiB",
                    "Set the broker's max_packet_size to 16 KiB, as in broker/shipped.",
                ),
                *EMQX[2:],
            ],
        ),
        (
            Answers(KNOWN, forbidden=frozenset({"coinpulse"}), hangs_up="at once"),
            [
                *EMQX[:4],
                wrong("the relay may not publish a machine's coinpulse", f"{SETUP}; they allow it."),
                *EMQX[6:],
            ],
        ),
    ],
    ids=[
        "EMQX",
        "hangs up on what it forbids",
        "hangs up after its answer",
        "wrong password",
        "unknown name",
        "authentication off",
        "no retained messages",
        "short messages only",
        "may not sell",
    ],
)
def test_brokers_that_are_not_mosquitto(tmp_path: Path, answers: Answers, expected: list[Finding]) -> None:
    """They answer with other reasons, or hang up; the truth is told all the same."""
    with fake_broker(tmp_path, answers) as broker:
        mqtt = MqttSettings("localhost", broker.port, RELAY_USERNAME, "relay-password", broker.ca_file)
        assert look_at_broker(mqtt, logins_from({}), 180)[2:] == expected


class _Refusing:
    """Logins of a folder that whoever runs the check may not write."""

    where, can_act, cabinets_port = "Mosquitto, /etc/mosquitto/arcade", True, 8883

    def add(self, username: str, password: str) -> list[str]:
        raise LoginsFailed("/etc/mosquitto/arcade cannot be used")

    def remove(self, username: str) -> list[str]:
        raise LoginsFailed("/etc/mosquitto/arcade cannot be used")

    def disconnect(self, username: str) -> list[str]:
        raise LoginsFailed("/etc/mosquitto/arcade cannot be used")

    def names(self) -> list[str]:
        raise LoginsFailed("/etc/mosquitto/arcade cannot be used")


def test_logins_that_cannot_be_made_are_not_called_left_over() -> None:
    """It is said once that nobody could look, and nobody is sent to delete what never was."""
    mqtt = MqttSettings("localhost", 8884, "cloud.relay", "x", None)
    assert look_as_cabinet(mqtt, _Refusing(), 180) == [
        note("a cabinet's rights were not looked at: /etc/mosquitto/arcade cannot be used")
    ]
