"""What a server of one's own is installed from: the unit and the containers, which start the relay alike."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings

ROOT = Path(__file__).parent.parent
PROGRAMS = str(Path(sys.executable).parent)
SERVER = ROOT / "cloud_relay" / "server"
UNIT = (SERVER / "arcade-relay.service").read_text()

pytestmark = pytest.mark.cloud


def compose() -> dict[str, Any]:
    """The compose file, its shorthands spelled out."""
    read: dict[str, Any] = yaml.safe_load((SERVER / "compose.yaml").read_text())
    return read


def words_of_the_readme() -> str:
    """How the relay's README starts it, after the program's name."""
    (line,) = [
        line
        for line in (ROOT / "cloud_relay" / "README.md").read_text().splitlines()
        if line.startswith("    waitress-serve")
    ]
    return line.strip()


def test_compose_file_is_one() -> None:
    """The specification's own schema has nothing against it."""
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(SERVER / "compose.yaml")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_all_start_the_relay_alike() -> None:
    """The README, the unit and the container have one command."""
    unit = re.search(r"^ExecStart=\S+/(waitress-serve .*)$", UNIT, re.M)
    container = re.search(r"^CMD (\[.*\])$", (SERVER / "Dockerfile").read_text(), re.M)
    assert unit is not None
    assert container is not None
    assert unit[1] == words_of_the_readme()
    assert " ".join(yaml.safe_load(container[1])) == words_of_the_readme()


def test_both_trust_the_one_proxy_before_them() -> None:
    """Else each phone would be counted as nginx's own address."""
    assert "Environment=TRUSTED_PROXIES=1 " in UNIT
    assert compose()["services"]["relay"]["environment"] == {"TRUSTED_PROXIES": "1"}


def test_relay_of_the_containers_is_reached_by_nginx_alone() -> None:
    """It is in the proxy's network, which publishes no port but nginx's."""
    services = compose()["services"]
    assert services["relay"]["network_mode"] == services["fleet"]["network_mode"] == "service:proxy"
    assert {name: each.get("ports") for name, each in services.items()} == {
        "proxy": ["443:443"],
        "relay": None,
        "fleet": None,
        "broker": ["8883:8883"],
        "operator": None,
    }


def test_containers_mount_what_there_is() -> None:
    """The files of the clone are there, and what is made by the commands is told in the file's head."""
    head = (SERVER / "compose.yaml").read_text().partition("name:")[0]
    sources = {
        volume.partition(":")[0]
        for service in compose()["services"].values()
        for volume in service.get("volumes", [])
    }
    assert sources == {"../proxy/nginx.conf", "./certificates", "./broker", ".", *compose()["volumes"]}
    assert (SERVER / "../proxy/nginx.conf").is_file()
    assert all(name in head for name in ("broker/", "certificates/", "relay.env", "fleet.env", ".env"))


def test_relay_and_broker_of_the_containers_are_one_user() -> None:
    """Mosquitto reads its passwords again when it is root no longer."""
    docker = (SERVER / "Dockerfile").read_text()
    assert compose()["services"]["broker"]["user"] == "1883:1883"
    assert "USER 1883:1883\n" in docker
    assert "useradd --system --uid 1883 --user-group --no-create-home mosquitto" in docker


def test_settings_begin_with_what_is_to_be_typed() -> None:
    """As installed, the settings lack what only the operator knows, or a command makes; and no more."""
    variables = dict(
        line.split("=", 1)
        for line in (SERVER / "relay.env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    own = {"RELAY_URL": "https://pay.example.com", "RELAY_SECRET": "0" * 64, "OPERATOR_KEY": "1" * 64}
    with pytest.raises(SettingsError) as refused:
        read_settings(variables | {"OFFERS": variables["OFFERS"].strip("'")} | own)
    assert re.findall(r"^  (\w+): ", str(refused.value), re.M) == [
        "STRIPE_API_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "PRICE_ID",
        "MQTT_BROKER",
        "MQTT_USERNAME",
        "MQTT_PASSWORD",
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_unit_has_no_unknown_word(tmp_path: Path) -> None:
    """A word that systemd does not know is ignored, and with it what it was to keep out."""
    unit = tmp_path / "arcade-relay.service"
    # Only the program's place differs: it is not installed here.
    unit.write_text(re.sub(r"/opt/arcade-relay/venv/bin/waitress-serve", "/bin/true", UNIT))
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in checked.stderr.splitlines() if "arcade-relay" in line] == []


@pytest.mark.parametrize(
    "name", ["", "pay.example.com; reboot", "-x", "pay example", "https://pay.example.com"]
)
def test_installer_refuses_what_is_no_name(name: str) -> None:
    """Before anything is touched."""
    refused = subprocess.run(
        [str(SERVER / "install.sh"), name], capture_output=True, text=True, check=False, timeout=60
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "usage: sudo cloud_relay/server/install.sh NAME, "
        "the name under which phones reach this server: pay.example.com\n"
    )


@pytest.mark.skipif(shutil.which("hadolint", path=PROGRAMS) is None, reason="hadolint has no wheel here")
def test_hadolint_finds_nothing_in_the_container_s_recipe() -> None:
    """The linter of Dockerfiles."""
    command = [f"{PROGRAMS}/hadolint", "--no-color", str(SERVER / "Dockerfile")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
