from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import zxingcpp
from conftest import wait_until
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from simulator.demo.ports import LOOPBACK

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")
END_WITHIN_S = 15
FLAGS = (
    "headless=new",
    "no-sandbox",
    "disable-gpu",
    "disable-dev-shm-usage",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "window-size=1440,1000",
)


@dataclass(frozen=True)
class Figures:
    """Money in cents, and what the board counted since the demo began."""

    reserved: int
    charged: int
    released: int
    coins: int


@dataclass(frozen=True)
class Demo:
    """A running demo: its process, what it said, and where its page is."""

    process: subprocess.Popen[str]
    lines: list[str]
    url: str
    folder: Path

    def code(self) -> str | None:
        """What a decoder other than ours reads on the attract screen, as the page shows it."""
        picture = requests.get(f"{self.url}/screen.png", timeout=5)
        if picture.status_code == 404:  # it has drawn nothing yet
            return None
        found = zxingcpp.read_barcodes(Image.open(BytesIO(picture.content)))
        return found[0].text if found else None

    def state(self) -> dict[str, Any]:
        """All that the page is told."""
        return dict(requests.get(f"{self.url}/state", timeout=5).json())

    def press(self, button: str) -> bool:
        """Press a button as the page does; whether there was anything to do."""
        answer = requests.post(f"{self.url}/{button}", headers={"Origin": self.url}, timeout=15)
        answer.raise_for_status()
        return bool(answer.json()["done"])

    def figures(self) -> Figures:
        state = self.state()
        money = state["money"]
        return Figures(money["reserved"], money["charged"], money["released"], state["board"]["coins"])

    def order(self) -> str:
        """Choose 3 credits at the door; the address where they are paid."""
        wait_until(self.code, "a code on the attract screen")
        door = str(self.code())
        button = re.search(r'value="(3-[^"]+)"', requests.get(door, timeout=5).text)
        assert button is not None, "the door sells no 3 credits"
        return requests.post(door, {"offer": button[1]}, allow_redirects=False, timeout=5).headers["Location"]

    def wait_for(self, figures: Figures) -> None:
        wait_until(lambda: self.figures() == figures, f"{figures}", within_s=30)


def pay(address: str) -> None:
    requests.post(address, allow_redirects=False, timeout=10).raise_for_status()


def command(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "simulator", "demo", "--port", str(port), "--folder", str(folder)]


def two_free_ports() -> int:
    """A port with a free one behind it, both below those that the kernel hands out to whoever asks."""
    while True:
        port = random.randrange(20000, 32000)  # noqa: S311 - nothing secret
        with (
            suppress(OSError),
            socket.create_server((LOOPBACK, port)),
            socket.create_server((LOOPBACK, port + 1)),
        ):
            return port


def refused(words: list[str]) -> str:
    """What a demo that must not start says, all of it on stderr and with status 1."""
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    port = two_free_ports()
    with subprocess.Popen(
        command(port, folder),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
            assert all(lines), process.stderr.read()
            yield Demo(process, lines, f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait(END_WITHIN_S)


@pytest.fixture(scope="module")
def one_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as `make demo` starts it, on a free port."""
    with running_demo(tmp_path_factory.mktemp("demo") / "run") as running:
        yield running


@pytest.fixture
def demo(one_demo: Demo) -> Iterator[Demo]:
    """One demo for all tests that do not end it; what a test left broken is mended behind it."""
    yield one_demo
    for part in ("wifi", "board"):
        one_demo.press(f"break/{part}/mended")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A real Chromium with a profile of its own."""
    for program in (CHROMIUM, CHROMEDRIVER):
        if not program.exists():
            pytest.fail(f"{program} is missing: sudo apt install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(f"--{flag}")
    chrome = Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    yield chrome
    chrome.quit()


def text(browser: Chrome, element_id: str) -> str:
    return browser.find_element(By.ID, element_id).text


def click(browser: Chrome, element_id: str) -> None:
    wait_until(lambda: browser.find_element(By.ID, element_id).is_enabled(), f"the button {element_id}")
    browser.find_element(By.ID, element_id).click()


@contextmanager
def in_hand(browser: Chrome) -> Iterator[None]:
    """Inside the phone."""
    browser.switch_to.frame("phone")
    yield
    browser.switch_to.default_content()


def shows(browser: Chrome, words: str) -> bool:
    try:
        return words in browser.find_element(By.TAG_NAME, "body").text
    except StaleElementReferenceException:
        return False  # the page is being left


def press_in_hand(browser: Chrome, words: str) -> None:
    """Press the phone's button with these words, once it is there."""
    path = f"//button[contains(normalize-space(.), '{words}')]"
    with in_hand(browser):
        wait_until(lambda: browser.find_elements(By.XPATH, path), f"a button {words!r} on the phone")
        browser.find_element(By.XPATH, path).click()


def shown(browser: Chrome) -> Figures:
    """The figures as a person reads them."""
    cents = (round(100 * float(text(browser, name)[1:])) for name in ("reserved", "charged", "released"))
    return Figures(*cents, coins=int(text(browser, "coins")))


def children_of(pid: int) -> set[int]:
    """Every process that this one started, and theirs."""
    # By parent: the kernel's own list of a task's children may miss some while others come and go.
    children = {child for child, parent in parents().items() if parent == pid}
    return children.union(*map(children_of, children))


def parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return found


def alive(pids: set[int]) -> list[str]:
    return [command_line(pid) for pid in pids if command_line(pid)]


def command_line(pid: int) -> str:
    """Empty for a process that is gone, and for a dead one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_a_player_scans_pays_and_plays_on_the_page(demo: Demo, browser: Chrome) -> None:
    """The code on the screen leads to the door, the payment to credits, the game to a new code."""
    assert demo.lines == [
        f"Open {demo.url}/ in a browser.",
        "Scan the code with the phone on the page and press Pay: the money is simulated.",
        "Press Ctrl-C here to end it.",
    ]
    browser.get(demo.url)
    wait_until(demo.code, "a code on the attract screen")
    door = demo.code()
    before = demo.figures()

    click(browser, "scan")
    assert browser.find_element(By.ID, "phone").get_attribute("src") == door
    press_in_hand(browser, "3 credits")
    press_in_hand(browser, "Pay $2.50")
    paid = replace(before, charged=before.charged + 250, coins=before.coins + 3)
    wait_until(lambda: shown(browser) == paid, "3 credits on the board, and the charge")
    with in_hand(browser):
        wait_until(lambda: shows(browser, "Charged $2.50."), "the phone to say what was charged")

    click(browser, "start")
    wait_until(lambda: text(browser, "board-status") == "PLAYING", "the game")
    click(browser, "game-over")
    wait_until(lambda: text(browser, "board-status") == "GAME OVER", "the end of the game")
    wait_until(lambda: "gameover" in text(browser, "messages"), "the game over message")
    wait_until(lambda: demo.code() == door, "the code to come back")


def test_a_jammed_board_sells_nothing_until_it_is_freed(demo: Demo, browser: Chrome) -> None:
    """The lever takes the code off the screen and off the phone's camera, says so, and brings it back."""
    browser.get(demo.url)
    lever = browser.find_element(By.CSS_SELECTOR, "[data-what=board]")
    wait_until(lambda: browser.find_element(By.ID, "scan").is_enabled(), "a code to scan")
    lever.click()
    wait_until(lambda: lever.text == "Free the board", "the lever to offer the way back")
    seen = (
        "The board takes no coins: no code. Pulses of what is paid now wait up to 3 minutes, "
        "then nothing is charged."
    )
    wait_until(lambda: text(browser, "seen") == seen, "the sentence")
    wait_until(lambda: not browser.find_element(By.ID, "scan").is_enabled(), "the phone to see no code")
    wait_until(lambda: demo.code() is None, "the screen to show no code")
    lever.click()
    wait_until(lambda: browser.find_element(By.ID, "scan").is_enabled(), "the phone to see the code")
    wait_until(demo.code, "the screen to show the code")


def test_the_plug_pulled_in_mid_train_costs_the_player_nothing(demo: Demo) -> None:
    """The board lost its credits with the power: all of it is released, and the cabinet sells again."""
    address, before = demo.order(), demo.figures()
    pay(address)
    wait_until(lambda: demo.figures().coins > before.coins, "the first credit on the board")
    assert demo.press("break/plug")
    assert demo.code() is None, "a screen without power shows a code"
    assert re.fullmatch(
        r"The plug was pulled at pulse [123] of 3: the board lost its credits, so nothing is charged\.",
        demo.state()["seen"],
    )
    assert not demo.press("break/plug"), "it was pulled twice"
    wait_until(demo.code, "the code to come back", within_s=30)
    wait_until(lambda: demo.figures().reserved == before.reserved, "the money to be settled")
    after = demo.figures()
    assert replace(after, coins=0) == replace(before, released=before.released + 250, coins=0)
    assert demo.state()["board"]["credits"] == 0


def test_a_killed_controller_fires_no_pulse_twice_and_charges_what_is_sure(demo: Demo) -> None:
    """Killed in mid-train it is started again; a pulse that it was killed inside of is not charged."""
    address, before, fired = demo.order(), demo.figures(), demo.state()["pulses_fired"]
    pay(address)
    wait_until(lambda: demo.state()["pulses_fired"] >= fired + 2, "the second pulse")
    assert demo.press("break/controller")
    seen = demo.state()["seen"]
    charge = 250 * (2 if "inside pulse" in seen else 3) // 3
    demo.wait_for(
        replace(
            before,
            charged=before.charged + charge,
            released=before.released + 250 - charge,
            coins=before.coins + 3,
        )
    )
    wait_until(demo.code, "the code to come back")
    after = demo.state()
    assert after["pulses_fired"] == fired + 3
    told = [entry["text"] for entry in after["messages"]["items"] if entry["kind"] == "demo"]
    assert told[-3:] == [seen, "controller ended with status -9", "controller was started again"]


@pytest.mark.parametrize(("broken", "mended"), [("break/wifi", "break/wifi/mended"), ("break/broker", None)])
def test_what_is_paid_while_the_cabinet_is_cut_off_is_credited_later(
    demo: Demo, broken: str, mended: str | None
) -> None:
    """Without Wi-Fi, or without the broker, the payment waits; then it is credited once, and charged."""
    address, before = demo.order(), demo.figures()
    assert demo.press(broken)
    wait_until(lambda: demo.code() is None, "the screen to show no code")
    pay(address)
    assert demo.figures() == replace(before, reserved=before.reserved + 250)
    if mended is not None:
        assert demo.press(mended)
    demo.wait_for(replace(before, charged=before.charged + 250, coins=before.coins + 3))
    wait_until(demo.code, "the code to come back")
    assert set(demo.state()["whole"].values()) == {True}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_it_takes_everything_along(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, kill and a closed terminal: status 0, not a word more, and no process left behind."""
    with running_demo(tmp_path / "run") as demo:
        started = children_of(demo.process.pid)
        assert len(started) >= 4  # broker, relay, controller, screen
        os.killpg(demo.process.pid, number)  # as a terminal does it: to the whole foreground group
        assert demo.process.communicate(timeout=END_WITHIN_S) == ("", "")
        assert demo.process.returncode == 0
        assert alive(started) == []


@pytest.mark.parametrize("button", ["board/start", "break/board", "break/plug"])
def test_buttons_are_refused_to_other_pages(demo: Demo, button: str) -> None:
    """A page from elsewhere in the same browser can neither play nor break."""
    for origin in ({}, {"Origin": "http://elsewhere.example"}):
        assert requests.post(f"{demo.url}/{button}", headers=origin, timeout=5).status_code == 403
    assert set(demo.state()["whole"].values()) == {True}


def test_what_cannot_be_broken_is_named(demo: Demo) -> None:
    """With everything that can."""
    answer = requests.post(f"{demo.url}/break/bank", headers={"Origin": demo.url}, timeout=5)
    assert answer.status_code == 404
    for part in ("bank", "plug", "wifi mended"):
        assert part in answer.text


def test_another_host_name_is_sent_to_the_page_s_own(demo: Demo) -> None:
    """A name that only points at this machine gets nothing but the way to the real address."""
    answer = requests.get(
        f"{demo.url}/state", headers={"Host": "elsewhere.example"}, allow_redirects=False, timeout=5
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{demo.url}/")


def test_state_gives_only_what_is_new(demo: Demo) -> None:
    """With the indexes of the last answer, edges and messages are not sent twice."""
    first = demo.state()
    assert "status" in [entry["name"] for entry in first["messages"]["items"]]
    again = requests.get(
        f"{demo.url}/state",
        params={"edges": first["edges"]["next"], "messages": first["messages"]["next"]},
        timeout=5,
    ).json()
    assert (again["edges"], again["messages"]) == (
        {"next": first["edges"]["next"], "items": []},
        {"next": first["messages"]["next"], "items": []},
    )


def test_a_second_demo_in_the_folder_is_told_of_the_first(demo: Demo) -> None:
    """It names the first one's process and address, and leaves it alone."""
    assert refused(command(two_free_ports(), demo.folder)) == (
        f"The demo did not start: a demo already runs here (process {demo.process.pid}, "
        f"{demo.url}); end that one first, with Ctrl-C\n"
    )
    assert requests.get(f"{demo.url}/state", timeout=5).status_code == 200


@pytest.mark.parametrize("taken_behind", [0, 1])
def test_a_taken_port_is_named_with_the_remedy(tmp_path: Path, taken_behind: int) -> None:
    """The page's port or the relay's behind it: one line, and nothing was started."""
    port = two_free_ports()
    with socket.create_server(("127.0.0.1", port + taken_behind)):
        assert refused(command(port, tmp_path / "run")) == (
            f"The demo did not start: port {port + taken_behind} cannot be used (Address already in use): "
            "name another with make demo PORT=9000\n"
        )
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".made-by-the-arcade-demo"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """What no demo made is never removed."""
    (tmp_path / "letter.txt").write_text("dear")
    assert refused(command(two_free_ports(), tmp_path)) == (
        f"The demo did not start: {tmp_path} has files that no demo made: name another folder with --folder\n"
    )
    assert (tmp_path / "letter.txt").read_text() == "dear"
