"""`setup broker` for a Mosquitto: a folder from which a real one is started, and where all log in."""

from __future__ import annotations

import io
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from check_parts import a_config
from conftest import wait_until
from relay_parts import environment
from test_access_rules_emqx import by_hand

from cloud_relay.broker.publisher import Publisher
from cloud_relay.errors import NobodySubscribed, SetupFailed
from cloud_relay.formats.access_rules import emqx_database
from cloud_relay.formats.env_file import read_env
from cloud_relay.formats.own_file import with_hash
from cloud_relay.logins.choice import logins_from
from cloud_relay.operator.setup.broker import add_arguments, set_up_broker
from cloud_relay.settings import read_settings
from controller.check.broker import check_broker
from controller.config.keys import BrokerConfig
from controller.pages.findings import all_well
from simulator.chain.ports import free_port, listens

pytestmark = pytest.mark.cloud
ROOT = Path(__file__).parent.parent
NEW = [
    "write mosquitto.conf",
    "write cabinets.acl",
    "write services.acl",
    "write cabinets.passwords",
    "write services.passwords",
    "make a certificate for localhost, signed by an authority of your own (ca.crt)",
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that the user mosquitto can reach, too: a Mosquitto that root starts becomes that user."""
    with tempfile.TemporaryDirectory(prefix="setup-") as outer:
        Path(outer).chmod(0o711)
        yield Path(outer).resolve() / "arcade"


def setup(*arguments: str | Path, env: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """The status, and what it says."""
    parser, out = ArgumentParser(), io.StringIO()
    add_arguments(parser)
    status = set_up_broker(parser.parse_args([str(each) for each in arguments]), env or {}, out)
    return status, out.getvalue().splitlines()


def said_last(folder: Path, *, own_authority: bool = True) -> list[str]:
    """How it goes on."""
    start = f"Then start it: mosquitto -c {folder}/mosquitto.conf"
    keep = (
        f"Each cabinet's broker.ca_file and the relay's MQTT_CA_FILE is {folder}/ca.crt; move "
        f"{folder}/authority to a safe place: whoever has it can be this broker."
    )
    return [start, keep] if own_authority else [start]


def variables_in(file: Path) -> dict[str, str]:
    return read_env(file.read_text())


@contextmanager
def mosquitto(folder: Path, *ports: int) -> Iterator[None]:
    """A real one, started as the last line says."""
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None
    with subprocess.Popen([program, "-c", folder / "mosquitto.conf"]) as process:
        try:
            wait_until(lambda: all(map(listens, ports)) or process.poll() is not None, "Mosquitto")
            assert process.poll() is None
            yield
        finally:
            process.terminate()


def test_a_real_mosquitto_starts_from_it_and_relay_and_cabinet_log_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay by the file that was written, a cabinet by a login made meanwhile: its own check is well."""
    monkeypatch.setenv("RES_OPTIONS", "no-aaaa")
    port, services_port = free_port(), free_port()
    arguments = ("--mosquitto", folder, "--host", "localhost", "--own-authority")
    ports = ("--port", str(port), "--services-port", str(services_port))
    status, said = setup(*arguments, *ports)
    file = folder / "relay-broker.env"
    made = f"Did make the login cloud.relay, with the password in {file}."
    assert (status, said) == (0, [*(f"Did {each}." for each in NEW), made, *said_last(folder)])
    assert oct(file.stat().st_mode & 0o777) == "0o600"

    settings = read_settings(environment(**variables_in(file)))
    with mosquitto(folder, port, services_port):
        publisher = Publisher(settings.mqtt)
        assert publisher.retained_status("galaga-01") is None
        with pytest.raises(NobodySubscribed):
            publisher.publish("arcade/machine/galaga-01/coinpulse", b"{}")
        publisher.close()
        logins = logins_from({"MOSQUITTO_FOLDER": str(folder)})
        assert logins.add("galaga-01", "galaga-password") == []
        mqtt = BrokerConfig("localhost", port, "galaga-password", folder / "ca.crt")
        wait_until(
            lambda: all_well(
                check_broker(a_config(tmp_path, broker=mqtt), daemon_connected=False, alone=True)
            ),
            "the cabinet's own check to be well",
        )


def test_a_second_run_changes_nothing(folder: Path) -> None:
    """Nor does a dry run, which says what would be done."""
    arguments = ("--mosquitto", folder, "--host", "localhost", "--own-authority")
    would = f"Would make the login cloud.relay, with the password in {folder}/relay-broker.env."
    assert setup(*arguments, "--dry-run") == (
        0,
        [*(f"Would {each}." for each in NEW), would, *said_last(folder)],
    )
    assert not folder.exists()
    setup(*arguments)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    nothing = [
        f"{folder} is set up: nothing to change.",
        "The login cloud.relay is there and was left alone.",
    ]
    for run in (arguments, (*arguments, "--dry-run")):
        assert setup(*run) == (0, [*nothing, *said_last(folder)])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_somebody_else_s_settings_are_named_and_kept(folder: Path) -> None:
    """Nothing is written beside them, either, until they are to be replaced."""
    folder.mkdir()
    (folder / "mosquitto.conf").write_text("listener 1883\n")
    arguments = ("--mosquitto", folder, "--host", "localhost", "--own-authority")
    assert setup(*arguments) == (
        1,
        [
            f"{folder} is somebody's already, and nothing was changed:",
            "  - mosquitto.conf is not as it would be written",
            "To put ours in their place, which keeps theirs as *.before, add `--replace`.",
        ],
    )
    assert [path.name for path in folder.iterdir()] == ["mosquitto.conf"]
    assert setup(*arguments, "--replace")[1][0] == "Did replace mosquitto.conf."
    assert (folder / "mosquitto.conf.before").read_text() == "listener 1883\n"


def test_rules_of_an_earlier_release_are_brought_up_to_date(folder: Path) -> None:
    """Without `--replace`, as long as nobody has changed them; one line of somebody's, and they stay."""
    arguments = ("--mosquitto", folder, "--host", "localhost", "--own-authority")
    setup(*arguments)
    rules = folder / "cabinets.acl"
    ours, earlier = rules.read_text(), with_hash("pattern read arcade/machine/%u/coinpulse\n")
    rules.write_text(earlier)
    assert setup(*arguments)[1][0] == "Did write cabinets.acl."
    assert (rules.read_text(), (folder / "cabinets.acl.before").read_text()) == (ours, earlier)

    rules.write_text(earlier + "topic read #\n")
    status, said = setup(*arguments)
    assert (status, said[1]) == (1, "  - cabinets.acl is not as it would be written")
    assert rules.read_text() == earlier + "topic read #\n"


def test_a_certificate_that_is_there_is_copied_and_renewed(folder: Path, tmp_path: Path) -> None:
    """A renewed one is copied by the same command; the key is for Mosquitto alone."""
    arguments = (
        "--mosquitto",
        folder,
        "--host",
        "localhost",
        "--certificate",
        tmp_path / "c",
        "--key",
        tmp_path / "k",
    )
    for _ in range(2):
        server = trustme.CA().issue_cert("localhost")
        server.cert_chain_pems[0].write_to_path(str(tmp_path / "c"))
        server.private_key_pem.write_to_path(str(tmp_path / "k"))
        said = setup(*arguments, env={"MQTT_PASSWORD": "relay-password"})[1]
        copied = f"Did copy {tmp_path}/c and {tmp_path}/k; run this again after each renewal."
        assert (copied in said, said[-1:]) == (True, said_last(folder, own_authority=False))
        assert (folder / "server.key").read_bytes() == (tmp_path / "k").read_bytes()
        assert oct((folder / "server.key").stat().st_mode & 0o777) == "0o600"
    assert copied not in setup(*arguments, env={"MQTT_PASSWORD": "relay-password"})[1]
    assert not (folder / "relay-broker.env").exists()


def test_the_authority_is_one_that_every_python_takes(folder: Path) -> None:
    """Since 3.13 it asks for the form of RFC 5280, which openssl's plain commands do not give."""
    setup("--mosquitto", folder, "--host", "127.0.0.1", "--own-authority")
    strict = ssl.create_default_context(cafile=folder / "ca.crt")
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_side = strict.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    server_side = server.wrap_bio(to_server, to_client, server_side=True)
    done = set[object]()
    for _ in range(6):
        for side in (client_side, server_side):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
    assert done == {client_side, server_side}
    assert oct((folder / "authority" / "ca.key").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--host is None: write the broker's name, as cabinets write it"),
        (["--host", "a b"], "--host is 'a b': write the broker's name, as cabinets write it"),
        (
            ["--host", "b.example.com"],
            "a broker needs a certificate for b.example.com: give --certificate FULLCHAIN.pem and --key "
            "PRIVKEY.pem (a public authority's, such as Let's Encrypt's), or --own-authority to make one",
        ),
        (["--host", "b", "--key", "k"], "--certificate and --key go together, and without --own-authority"),
        (
            ["--host", "b", "--key", "/gone", "--certificate", "/gone"],
            "/gone is no file: --certificate and --key name PEM files",
        ),
        (
            ["--host", "b", "--own-authority", "--port", "8884"],
            "--port and --services-port are 8884 and 8884: two of 1 to 65535",
        ),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(folder: Path, arguments: list[str], said: str) -> None:
    """Before anything is written."""
    with pytest.raises(SetupFailed) as failed:
        setup("--mosquitto", folder, *arguments)
    assert (str(failed.value), folder.exists()) == (said, False)


def test_a_certificate_with_another_s_key_is_told(folder: Path, tmp_path: Path) -> None:
    """Mosquitto would not start with it."""
    authority = trustme.CA()
    authority.issue_cert("b").cert_chain_pems[0].write_to_path(str(tmp_path / "c"))
    authority.issue_cert("b").private_key_pem.write_to_path(str(tmp_path / "k"))
    with pytest.raises(SetupFailed, match="do not go together"):
        setup("--mosquitto", folder, "--host", "b", "--certificate", tmp_path / "c", "--key", tmp_path / "k")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "days", "said"),
    [
        ("b", 90, "{} is not for c: name the certificate of that name, or another --host"),
        ("c", -1, "{} has expired: have it renewed, and run this again"),
    ],
)
def test_a_certificate_that_no_cabinet_would_take_is_told(
    folder: Path, tmp_path: Path, name: str, days: int, said: str
) -> None:
    """Of another name, or of last year."""
    server = trustme.CA().issue_cert(name, not_after=datetime.now(UTC) + timedelta(days=days))
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "c"))
    server.private_key_pem.write_to_path(str(tmp_path / "k"))
    with pytest.raises(SetupFailed) as failed:
        setup("--mosquitto", folder, "--host", "c", "--certificate", tmp_path / "c", "--key", tmp_path / "k")
    assert (str(failed.value), folder.exists()) == (said.format(tmp_path / "c"), False)


def test_in_a_container_the_paths_are_the_container_s(folder: Path) -> None:
    """And Debian's own Mosquitto keeps its state where the system has it."""
    seen = ("--mosquitto", folder, "--host", "b", "--own-authority", "--seen-as")
    setup(*seen, "/mosquitto/config")
    text = (folder / "mosquitto.conf").read_text()
    assert (str(folder) in text, "persistence_location /mosquitto/config/store/" in text) == (False, True)
    said = setup(*seen, "/etc/mosquitto/arcade", "--replace")[1]
    shipped = ROOT / "cloud_relay" / "broker" / "shipped" / "mosquitto.conf"
    assert (folder / "mosquitto.conf").read_text() == shipped.read_text()
    assert said[-2] == (
        f"Then, as root: cp {folder}/mosquitto.conf /etc/mosquitto/mosquitto.conf && "
        "systemctl restart mosquitto"
    )


def test_a_relay_that_is_called_otherwise_is_told(folder: Path) -> None:
    """The rules would let it do nothing."""
    with pytest.raises(SetupFailed, match="the access rules know the relay as cloud"):
        setup("--mosquitto", folder, "--host", "b", "--own-authority", env={"MQTT_USERNAME": "relay"})
    assert not folder.exists()


def test_the_relay_s_own_file_is_read_and_kept(folder: Path, tmp_path: Path) -> None:
    """Its password is the login's, and what else stands in it stays."""
    file = tmp_path / "relay.env"
    file.write_text("# ours\nMQTT_BROKER=elsewhere\nMQTT_PASSWORD=precious\n")
    arguments = ("--mosquitto", folder, "--host", "b", "--own-authority", "--env", file)
    assert "Did make the login cloud.relay, with the password of MQTT_PASSWORD." in setup(*arguments)[1]
    assert file.read_text() == "# ours\nMQTT_BROKER=elsewhere\nMQTT_PASSWORD=precious\n"
    file.write_text("# ours\nMQTT_BROKER=elsewhere\n")
    assert setup(*arguments)[1][1] == (
        "The login cloud.relay is there and was left alone; its password is not known here: for a new one "
        "take it away at the broker, and run this again."
    )
    logins_from({"MOSQUITTO_FOLDER": str(folder)}).remove("cloud.relay")
    setup(*arguments)
    told = variables_in(file)
    assert (told.pop("MQTT_BROKER"), len(told.pop("MQTT_PASSWORD"))) == ("elsewhere", 32)
    assert told == {
        "MQTT_PORT": "8884",
        "MQTT_USERNAME": "cloud.relay",
        "MQTT_CA_FILE": f"{folder}/ca.crt",
    }


def test_the_command_runs_as_it_is_typed(folder: Path) -> None:
    """Without the relay's other settings; what cannot be ends it with 1 and one line."""
    command = [sys.executable, "-m", "cloud_relay", "setup", "broker", "--mosquitto", str(folder)]
    typed = {"cwd": ROOT, "env": {"PATH": os.environ["PATH"]}, "capture_output": True, "text": True}
    wrong = subprocess.run(command, check=False, **typed)  # type: ignore[call-overload]
    said = "--host is None: write the broker's name, as cabinets write it\n"
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (1, "", said)
    right = subprocess.run([*command, "--host", "b", "--own-authority"], check=False, **typed)  # type: ignore[call-overload]
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout.splitlines()[-2:] == said_last(folder)


def test_what_is_to_be_typed_comes_from_the_same_table(tmp_path: Path) -> None:
    """One numbered list, whose password is in a file and on no terminal."""
    env_file = tmp_path / "relay.env"
    status, said = setup("--env", env_file, "--host", "x.emqxsl.com")
    steps = [line.strip() for line in said if line.strip()[:1].isdigit()]
    count = 1 + sum(map(len, emqx_database().values()))
    assert (status, [step.split(".")[0] for step in steps]) == (0, [str(n + 1) for n in range(count)])
    assert steps[0].endswith(f"add the user cloud.relay with the password in {env_file}")
    assert variables_in(env_file)["MQTT_BROKER"] == "x.emqxsl.com"
    assert variables_in(env_file)["MQTT_PASSWORD"] not in "\n".join(said)
    rules = by_hand(tmp_path).rules_of("cloud.relay")
    typed = [step for step in steps if "username cloud.relay," in step or "All Users" in step]
    assert [f" {rule.permission.capitalize()} " in step for rule, step in zip(rules, typed, strict=True)] == [
        True
    ] * len(rules)
    assert [
        step.split(", Retain")[0].endswith(rule.topics[0]) for rule, step in zip(rules, typed, strict=True)
    ] == [True] * len(rules)
    before = env_file.read_text()
    assert (setup("--env", env_file)[0], env_file.read_text()) == (0, before)


@pytest.mark.parametrize(
    "option", [["--own-authority"], ["--certificate", "a", "--key", "b"], ["--seen-as", "/mosquitto"]]
)
def test_an_option_of_mosquitto_s_without_its_folder_is_not_taken_for_another_broker(
    option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody forgot `--mosquitto`; no password is made for a broker that nobody meant."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupFailed) as refused:
        setup("--host", "localhost", *option)
    assert str(refused.value) == (
        "--own-authority, --certificate, --key and --seen-as are for a Mosquitto: name its folder, "
        "--mosquitto FOLDER"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_hosted_broker_s_name_is_not_written_down_while_nobody_has_said_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty MQTT_BROKER would count as one that was set."""
    monkeypatch.chdir(tmp_path)
    assert setup()[0] == 0
    assert list(variables_in(tmp_path / "relay-broker.env")) == [
        "MQTT_PORT",
        "MQTT_USERNAME",
        "MQTT_PASSWORD",
    ]
