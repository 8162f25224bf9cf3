from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import requests
import zxingcpp
from conftest import wait_until
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from simulator.ports import free_port

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
class Demo:
    """A running demo: its process, what it said, and where its page is."""

    process: subprocess.Popen[str]
    lines: list[str]
    url: str
    folder: Path

    def picture(self) -> Image.Image:
        """The attract screen as the page shows it."""
        return Image.open(BytesIO(requests.get(f"{self.url}/screen.png", timeout=5).content))

    def code(self) -> str | None:
        """What a decoder other than ours reads in the picture."""
        found = zxingcpp.read_barcodes(self.picture())
        return found[0].text if found else None


def command(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "simulator", "demo", "--port", str(port), "--folder", str(folder)]


def two_free_ports() -> int:
    """A port with a free one behind it."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            if port < 65535 and probe.connect_ex(("127.0.0.1", port + 1)) != 0:
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
        try:
            lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
            yield Demo(process, lines, f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait(END_WITHIN_S)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """The demo as `make demo` starts it, on a free port."""
    with running_demo(tmp_path / "run") as running:
        yield running


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for the tests that change nothing in it."""
    with running_demo(tmp_path_factory.mktemp("untouched") / "run") as running:
        yield running


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


def money(browser: Chrome) -> tuple[str, ...]:
    return tuple(text(browser, name) for name in ("reserved", "charged", "released"))


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

    click(browser, "scan")
    assert browser.find_element(By.ID, "phone").get_attribute("src") == door
    press_in_hand(browser, "3 credits")
    press_in_hand(browser, "Pay $2.50")
    wait_until(lambda: text(browser, "credits") == "3", "3 credits on the board")
    wait_until(lambda: money(browser) == ("$0.00", "$2.50", "$0.00"), "the charge")
    with in_hand(browser):
        wait_until(lambda: shows(browser, "Charged $2.50."), "the phone to say what was charged")

    click(browser, "start")
    wait_until(lambda: text(browser, "board-status") == "PLAYING", "the game")
    click(browser, "game-over")
    wait_until(lambda: text(browser, "board-status") == "GAME OVER", "the end of the game")
    wait_until(lambda: "gameover" in text(browser, "messages"), "the game over message")
    wait_until(lambda: demo.code() == door, "the code to come back")


def test_without_a_ready_board_there_is_nothing_to_scan(demo: Demo, browser: Chrome) -> None:
    """The board's ready switch takes the code off the screen, and off the phone's camera."""
    browser.get(demo.url)
    click(browser, "scan")
    click(browser, "again")
    click(browser, "ready")
    wait_until(lambda: not browser.find_element(By.ID, "scan").is_enabled(), "the phone to see no code")
    wait_until(lambda: demo.code() is None, "the screen to show no code")


def test_what_ends_by_itself_is_started_again(demo: Demo) -> None:
    """A killed controller is back within moments, and the page tells both."""
    controller = next(pid for pid in children_of(demo.process.pid) if " controller run " in command_line(pid))
    os.kill(controller, signal.SIGKILL)

    def notes() -> list[str]:
        entries = requests.get(f"{demo.url}/state", timeout=5).json()["messages"]["items"]
        return [entry["text"] for entry in entries if entry["kind"] == "demo"]

    wait_until(
        lambda: notes() == ["controller ended with status -9", "controller was started again"], "the notes"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_it_takes_everything_along(demo: Demo, number: signal.Signals) -> None:
    """Ctrl-C, kill and a closed terminal: status 0, not a word more, and no process left behind."""
    started = children_of(demo.process.pid)
    assert len(started) >= 4  # broker, relay, controller, screen
    os.killpg(demo.process.pid, number)  # as a terminal does it: to the whole foreground group
    assert demo.process.communicate(timeout=END_WITHIN_S) == ("", "")
    assert demo.process.returncode == 0
    assert alive(started) == []


def test_buttons_are_refused_to_other_pages(untouched: Demo) -> None:
    """A page from elsewhere in the same browser cannot press the board's buttons."""
    for origin in ({}, {"Origin": "http://elsewhere.example"}):
        answer = requests.post(
            f"{untouched.url}/board/ready", json={"ready": False}, headers=origin, timeout=5
        )
        assert answer.status_code == 403
    assert requests.get(f"{untouched.url}/state", timeout=5).json()["board"]["ready"] is True


def test_another_host_name_is_sent_to_the_page_s_own(untouched: Demo) -> None:
    """A name that only points at this machine gets nothing but the way to the real address."""
    answer = requests.get(
        f"{untouched.url}/state", headers={"Host": "elsewhere.example"}, allow_redirects=False, timeout=5
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{untouched.url}/")


def test_state_gives_only_what_is_new(untouched: Demo) -> None:
    """With the indexes of the last answer, edges and messages are not sent twice."""
    first = requests.get(f"{untouched.url}/state", timeout=5).json()
    assert [entry["name"] for entry in first["messages"]["items"]] == ["status", "status"]
    again = requests.get(
        f"{untouched.url}/state",
        params={"edges": first["edges"]["next"], "messages": first["messages"]["next"]},
        timeout=5,
    ).json()
    assert (again["edges"], again["messages"]) == (
        {"next": first["edges"]["next"], "items": []},
        {"next": first["messages"]["next"], "items": []},
    )


def test_a_second_demo_in_the_folder_is_told_of_the_first(untouched: Demo) -> None:
    """It names the first one's process and address, and leaves it alone."""
    assert refused(command(two_free_ports(), untouched.folder)) == (
        f"The demo did not start: a demo already runs here (process {untouched.process.pid}, "
        f"{untouched.url}); end that one first, with Ctrl-C\n"
    )
    assert requests.get(f"{untouched.url}/state", timeout=5).status_code == 200


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
