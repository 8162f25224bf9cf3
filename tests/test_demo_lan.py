"""The demo for phones in the room: its pages are in the local network, and nothing else of it is."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import zxingcpp
from conftest import wait_until
from PIL import Image
from test_demo_page import END_WITHIN_S, ROOT, children_of

from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.folder import DemoError
from simulator.chain.ports import free_pair
from simulator.demo.ports import EVERYWHERE, lan_address

LISTEN = "0A"  # as the kernel writes the state in /proc/net/tcp


@dataclass(frozen=True)
class Demo:
    """A running demo: its process, what it said first, and where it ought to be."""

    pid: int
    said: str
    page: str
    door: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as `make demo LAN=1` starts it."""
    try:
        host = lan_address()
    except DemoError:
        pytest.skip("this machine is in no network: it has loopback alone, where no phone can come")
    port = free_pair(EVERYWHERE)
    folder = tmp_path_factory.mktemp("lan") / "run"
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "demo", "--lan", "--port", str(port), "--folder", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # so that a demo that does not start says why
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline().strip()
            door = f"http://{host}:{port + 1}/p/{MACHINE_ID}"
            yield Demo(process.pid, said, f"http://{host}:{port}", door)
        finally:
            process.terminate()
            process.wait(END_WITHIN_S)


def scanned(demo: Demo) -> str | None:
    """What a phone reads on the attract screen."""
    picture = requests.get(f"{demo.page}/screen.png", timeout=60)
    found = zxingcpp.read_barcodes(Image.open(BytesIO(picture.content))) if picture.ok else []
    return found[0].text if found else None


def open_ports(pid: int) -> dict[int, str]:
    """Every port on which a process and its children accept connections, and the address it is open on."""
    inodes = {inode for one in {pid, *children_of(pid)} for inode in sockets_of(one)}
    return {
        port: address
        for family in ("tcp", "tcp6")
        for inode, address, port in listeners(Path("/proc/net") / family)
        if inode in inodes
    }


def sockets_of(pid: int) -> set[str]:
    """The inodes of a process's sockets."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if inode := re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink())):
                found.add(inode[1])
    return found


def listeners(table: Path) -> Iterator[tuple[str, str, int]]:
    """The inode, address and port of each listening socket in one of the kernel's tables."""
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        host, port = fields[1].split(":")
        if fields[3] == LISTEN:
            yield fields[9], readable(host), int(port, 16)


def readable(host: str) -> str:
    """The kernel writes an address as hexadecimal words of the machine's own byte order."""
    words = [int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(host), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def environment_of(pid: int) -> dict[str, str]:
    """With which settings a process was started."""
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def test_a_phone_in_the_room_comes_from_the_code_to_the_payment_page(demo: Demo) -> None:
    """Page, code, door and payment page are all at this machine's address in its network."""
    assert demo.said == f"Open {demo.page}/ in a browser."
    assert requests.get(f"{demo.page}/", timeout=60).status_code == 200
    wait_until(lambda: scanned(demo) == demo.door, f"the code for {demo.door}")
    button = re.search(r'value="(3-[^"]+)"', requests.get(demo.door, timeout=60).text)
    assert button is not None

    sent_on = requests.post(demo.door, {"offer": button[1]}, allow_redirects=False, timeout=60)

    assert sent_on.status_code == 303
    assert sent_on.headers["Location"].startswith(f"{demo.page}/")
    assert "$2.50" in requests.get(sent_on.headers["Location"], timeout=60).text


def test_only_the_page_and_the_relay_are_open_to_the_network(demo: Demo) -> None:
    """The broker takes coin pulses, and Stripe's stand-in gives payments away: both stay on loopback."""
    port = int(demo.page.rpartition(":")[2])
    (relay,) = [found for found in map(environment_of, children_of(demo.pid)) if "MQTT_PORT" in found]
    inner = {int(relay["MQTT_PORT"]), urlsplit(relay["STAND_IN_STRIPE_URL"]).port}

    found = open_ports(demo.pid)

    assert {one: found.get(one) for one in inner} == dict.fromkeys(inner, "127.0.0.1")
    beyond = {one: address for one, address in found.items() if address != "127.0.0.1"}
    assert beyond == {port: EVERYWHERE, port + 1: EVERYWHERE}
