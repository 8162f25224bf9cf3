"""What takes the fleet along to a server: its unit, its container, its settings, and its name at nginx."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from conftest import PASSWORDS, wait_until
from fake_emqx import FakeEmqx, listening
from fake_emqx_access import Access
from fake_emqx_settings import Settings as EmqxSettings
from test_relay_check_broker import AS_CABINET, AS_RELAY, found, reached
from test_server_files import ROOT, SERVER, compose

from cloud_relay.command_line import EX_CONFIG
from cloud_relay.errors import SetupFailed
from cloud_relay.formats.env_file import read_env
from cloud_relay.formats.mosquitto_passwords import usernames
from cloud_relay.logins.mosquitto import SERVICES
from cloud_relay.operator.setup.broker import add_arguments, set_up_broker
from cloud_relay.setting_reader import SettingsError
from fleet.rules.alert_rules import RULES
from fleet.settings import read_settings
from simulator.chain.broker import FLEET_USERNAME, Broker
from simulator.chain.nginx import nginx_before, nginx_program

pytestmark = pytest.mark.fleet

UNIT = (SERVER / "arcade-fleet.service").read_text()
RELAYS_UNIT = (SERVER / "arcade-relay.service").read_text()
EXAMPLE = (SERVER / "fleet.env.example").read_text()
# Only in the demo and in tests.
UNTOLD = {"STAND_IN_STRIPE_URL"}
# The unit and the container set it: there is nginx before both.
SET_BY_THE_SERVICE = {"TRUSTED_PROXIES"}
# install.sh makes them.
MADE = {"FLEET_URL", "FLEET_SECRET"}


def test_every_setting_is_explained_and_no_other() -> None:
    """Each variable that the fleet reads stands in the example, below a line that says what it is."""
    read = set(re.findall(r'reader\.read\(\s*"([A-Z_]+)"', (ROOT / "fleet" / "settings.py").read_text()))
    lines = EXAMPLE.splitlines()
    told = {match[1] for line in lines if (match := re.match(r"#?([A-Z_]+)=", line))}
    assert told == read - UNTOLD - SET_BY_THE_SERVICE - MADE
    assert all(name in EXAMPLE for name in MADE)
    assert [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match("#?[A-Z_]+=", line) and not before
    ] == []


def test_settings_begin_with_what_is_to_be_made() -> None:
    """As installed they lack the login at the broker, which `setup broker` makes; and no more."""
    own = {"FLEET_URL": "https://fleet.pay.example.com", "FLEET_SECRET": "0" * 64}
    with pytest.raises(SettingsError) as refused:
        read_settings(read_env(EXAMPLE) | own)
    assert re.findall(r"^  (\w+): ", str(refused.value), re.M) == ["MQTT_BROKER", "MQTT_PASSWORD"]


def test_what_is_switched_off_in_the_example_is_right_where_it_is_whole() -> None:
    """Whoever takes the "#" away has the default, or an example that holds."""
    whole = read_env(re.sub(r"^#(?=[A-Z])", "", EXAMPLE, flags=re.M))
    typed = {
        "MQTT_BROKER": "pay.example.com",
        "MQTT_PASSWORD": "0" * 32,
        "MQTT_CA_FILE": "",
        "STRIPE_READ_KEY": "rk_live_0",
        "RELAY_TAGS": "0" * 16,
        "OPERATOR_KEY": "1" * 64,
        "FLEET_URL": "https://fleet.pay.example.com",
        "FLEET_SECRET": "2" * 64,
    }
    assert read_settings(whole | typed).web.port == 8090


def hardening(unit: str) -> list[str]:
    """What a unit takes away from its program."""
    return [line for line in unit[unit.index("NoNewPrivileges") :].splitlines() if not line.startswith("#")]


def test_it_is_kept_in_as_the_relay_is() -> None:
    """Word for word, memory that is written and run included: none of its libraries needs that."""
    assert hardening(UNIT) == hardening(RELAYS_UNIT)
    assert "MemoryDenyWriteExecute=yes" in hardening(UNIT)


def test_wrong_settings_do_not_start_it_over_and_over() -> None:
    """Its exit status is the one that the unit knows."""
    assert f"\nRestartPreventExitStatus={EX_CONFIG}\n" in UNIT


def test_unit_and_container_start_it_alike() -> None:
    """One command, behind one proxy, with the book in one place."""
    container = compose()["services"]["fleet"]
    assert re.findall(r"^ExecStart=\S+/(python .*)$", UNIT, re.M) == [" ".join(container["command"])]
    assert "Environment=TRUSTED_PROXIES=1 " in UNIT
    assert container["environment"] == {"TRUSTED_PROXIES": "1", "PYTHONPATH": "/opt/arcade-relay"}
    assert "\nWorkingDirectory=/var/lib/arcade-fleet\n" in UNIT
    assert container["working_dir"] == "/var/lib/arcade-fleet"


def test_the_container_s_book_is_its_user_s_alone() -> None:
    """A new volume is as the image has the folder."""
    docker = (SERVER / "Dockerfile").read_text()
    assert compose()["services"]["fleet"]["user"] == "1890:1890"
    assert "useradd --system --uid 1890 --user-group --no-create-home arcade-fleet" in docker
    assert "install -d -o 1890 -g 1890 -m 700 /var/lib/arcade-fleet" in docker


def test_installer_and_container_take_both_packages_by_hash() -> None:
    """The fleet uses the relay's code, and neither is installed without what it runs on."""
    installer, docker = (SERVER / "install.sh").read_text(), (SERVER / "Dockerfile").read_text()
    assert '--requirement "$relay/requirements.txt" --requirement "$fleet/requirements.txt"' in installer
    assert "--require-hashes --requirement requirements.txt --requirement fleet-requirements.txt" in docker
    for package in ("cloud_relay", "fleet"):
        assert f'"$new/{package}"' in installer
        assert f"COPY {package}/ ./{package}/" in docker


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_unit_has_no_unknown_word(tmp_path: Path) -> None:
    """A word that systemd does not know is ignored, and with it what it was to keep out."""
    unit = tmp_path / "arcade-fleet.service"
    unit.write_text(UNIT.replace("/opt/arcade-relay/venv/bin/python", "/bin/true"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in checked.stderr.splitlines() if "arcade-fleet" in line] == []


def test_every_alert_is_on_the_operator_s_page() -> None:
    """By its title, as it is told."""
    page = (ROOT / "docs" / "fleet.md").read_text().partition("## The alerts")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([^|]+?) \|", page, re.M)[1:] == [rule.title for rule in RULES]


# --- its name at nginx ---


@contextmanager
def answering(text: str) -> Iterator[int]:
    """A server that says who it is, and what nginx told it of the caller; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = [self.headers[name] for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto")]
            body = f"{text} {told}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(nginx_program() is None, reason="nginx is not installed: sudo apt install nginx-light")
def test_the_fleet_has_an_origin_of_its_own(tmp_path: Path) -> None:
    """By its name, whatever a caller says of itself; every other name is the relay's."""
    lies = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http"}
    with (
        answering("relay") as relay,
        answering("fleet") as fleet,
        nginx_before(relay, tmp_path, fleet_port=fleet) as nginx,
    ):

        def ask(name: str) -> requests.Response:
            return requests.get(nginx.url, headers={"Host": name} | lies, verify=nginx.ca_file, timeout=60)

        wait_until(lambda: ask("pay.example.com").ok, "nginx")
        fleets = ask("fleet.pay.example.com")
        assert fleets.text == "fleet ['fleet.pay.example.com', '127.0.0.1', 'https']"
        assert fleets.headers["Strict-Transport-Security"] == "max-age=31536000"
        for name in ("pay.example.com", "fleet", "payfleet.example.com", "127.0.0.1"):
            assert ask(name).text.startswith("relay ")


# --- its login at the broker ---


def setup(*arguments: str | Path, **variables: str) -> list[str]:
    """`setup broker` as it is typed: what it says."""
    parser, out = ArgumentParser(), io.StringIO()
    add_arguments(parser)
    assert set_up_broker(parser.parse_args([str(each) for each in arguments]), variables, out) == 0
    return out.getvalue().splitlines()


def test_a_mosquitto_gets_the_fleet_s_login_where_a_file_is_named(tmp_path: Path) -> None:
    """With a password of its own, whatever the relay's is; and the second run leaves it alone."""
    folder, env = tmp_path / "arcade", tmp_path / "fleet.env"
    env.write_text(EXAMPLE)
    arguments = ("--mosquitto", folder, "--host", "localhost", "--own-authority")
    relays = {"MQTT_USERNAME": "cloud.relay", "MQTT_PASSWORD": "relays-own-password"}
    setup(*arguments, **relays)
    assert usernames((folder / SERVICES).read_text()) == ["cloud.relay"]
    said = setup(*arguments, "--fleet-env", env, **relays)
    assert f"Did make the login cloud.fleet, with the password in {env}." in said
    assert usernames((folder / SERVICES).read_text()) == ["cloud.relay", "cloud.fleet"]
    kept = read_env(env.read_text())
    assert (kept["MQTT_BROKER"], kept["MQTT_PORT"], kept["MQTT_CA_FILE"]) == (
        "localhost",
        "8884",
        f"{folder}/ca.crt",
    )
    assert (len(kept["MQTT_PASSWORD"]), kept["MQTT_PASSWORD"] in "".join(said)) == (32, False)
    assert oct(env.stat().st_mode & 0o777) == "0o600"
    own = {"FLEET_URL": "https://fleet.pay.example.com", "FLEET_SECRET": "0" * 64}
    assert read_settings(kept | own).mqtt.username == "cloud.fleet"
    again = setup(*arguments, "--fleet-env", env, **relays)
    assert "The login cloud.fleet is there and was left alone." in again
    assert read_env(env.read_text()) == kept


def test_an_emqx_gets_it_by_its_api(tmp_path: Path) -> None:
    """It is no superuser, whom no rule would hold."""
    access, settings, emqx = Access(), EmqxSettings(), FakeEmqx()
    access.serve_at(emqx)
    settings.serve_at(emqx)
    env = tmp_path / "fleet.env"
    with listening(emqx):
        setup("--env", tmp_path / "relay.env", "--fleet-env", env, **emqx.environment())
    user = access.users["cloud.fleet"]
    assert (user["password"], user["is_superuser"]) == (read_env(env.read_text())["MQTT_PASSWORD"], False)
    assert user["password"] != access.users["cloud.relay"]["password"]


def test_the_list_for_a_console_has_it_too(tmp_path: Path) -> None:
    """For an EMQX without an API; its password is in the file, and not in the list."""
    env = tmp_path / "fleet.env"
    said = setup("--env", tmp_path / "relay.env", "--fleet-env", env)
    users = [line for line in said if "add the user" in line]
    assert users == [
        "  1. Access Control, Authentication: add the user cloud.relay with the password in "
        f"{tmp_path}/relay.env",
        f"  2. Access Control, Authentication: add the user cloud.fleet with the password in {env}",
    ]
    assert read_env(env.read_text())["MQTT_PASSWORD"] not in "".join(said)


def test_the_two_do_not_share_a_file(tmp_path: Path) -> None:
    """The relay would log in as the fleet."""
    env = tmp_path / "relay.env"
    with pytest.raises(SetupFailed, match="is the relay's: give the fleet's login another file"):
        setup("--env", env, "--fleet-env", tmp_path / "." / "relay.env")
    assert list(tmp_path.iterdir()) == []


def test_check_finds_nothing_wrong_with_a_broker_that_knows_the_fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay's rights, and a cabinet's, are what they were; and the fleet's login is still there after."""
    monkeypatch.setenv("RES_OPTIONS", "no-aaaa")
    with Broker(tmp_path / "broker", PASSWORDS | {FLEET_USERNAME: "fleet-password"}) as broker:
        assert found(broker) == [*reached(broker), *AS_RELAY, *AS_CABINET]
        assert FLEET_USERNAME in usernames((broker.folder / SERVICES).read_text())
