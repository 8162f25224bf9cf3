from __future__ import annotations

import os
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
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from simulator.chain.ports import free_pair

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
CHROMEDRIVER = Path("/usr/bin/chromedriver")
END_WITHIN_S = 60
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
    """Money in cents, and what the board counted since the demo began: pulses, and coins of metal."""

    reserved: int
    charged: int
    released: int
    counted: int
    cash_coins: int


@dataclass(frozen=True)
class Demo:
    """A running demo: its process, what it said, and where its page is."""

    process: subprocess.Popen[str]
    lines: list[str]
    url: str
    folder: Path

    def code(self) -> str | None:
        """What a decoder other than ours reads on the attract screen, as the page shows it."""
        picture = requests.get(f"{self.url}/screen.png", timeout=60)
        if picture.status_code == 404:  # it has drawn nothing yet
            return None
        found = zxingcpp.read_barcodes(Image.open(BytesIO(picture.content)))
        return found[0].text if found else None

    def state(self, edges: int = 0) -> dict[str, Any]:
        """All that the page is told, with the edges after the first so many."""
        return dict(requests.get(f"{self.url}/state", params={"edges": edges}, timeout=60).json())

    def press(self, button: str) -> bool:
        """Press a button as the page does; whether there was anything to do."""
        answer = requests.post(f"{self.url}/{button}", headers={"Origin": self.url}, timeout=60)
        answer.raise_for_status()
        return bool(answer.json()["done"])

    def figures(self) -> Figures:
        state = self.state()
        money, board = state["money"], state["board"]
        return Figures(
            money["reserved"],
            money["charged"],
            money["released"],
            counted=board["coins"] - board["cash_coins"],
            cash_coins=board["cash_coins"],
        )

    def order(self) -> str:
        """Choose 3 credits at the door; the address where they are paid."""
        wait_until(self.code, "a code on the attract screen")
        door = str(self.code())
        button = re.search(r'value="(3-[^"]+)"', requests.get(door, timeout=60).text)
        assert button is not None, "the door sells no 3 credits"
        return requests.post(door, {"offer": button[1]}, allow_redirects=False, timeout=60).headers[
            "Location"
        ]

    def wait_for(self, figures: Figures) -> None:
        wait_until(lambda: self.figures() == figures, f"{figures}", within_s=60)


def pay(address: str) -> None:
    requests.post(address, allow_redirects=False, timeout=60).raise_for_status()


def command(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "simulator", "demo", "--port", str(port), "--folder", str(folder)]


def refused(words: list[str]) -> str:
    """What a demo that must not start says, all of it on stderr and with status 1."""
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    port = free_pair()
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
            lines = [process.stdout.readline().rstrip("\n") for _ in range(4)]
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
    for part in ("wifi", "board", "coin_wire"):
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
    except WebDriverException:  # of the picture before, or an error of the inspector's own
        return False  # the page is being left


def press_in_hand(browser: Chrome, words: str) -> None:
    """Press the phone's button with these words, once it is there."""
    path = f"//button[contains(normalize-space(.), '{words}')]"
    with in_hand(browser):
        wait_until(lambda: browser.find_elements(By.XPATH, path), f"a button {words!r} on the phone")
        browser.find_element(By.XPATH, path).click()


def levels_since(demo: Demo, before: dict[str, Any]) -> list[tuple[str, bool]]:
    """How the wires changed since that state, as the trace draws it: which line, active or not."""
    edges = demo.state(before["edges"]["next"])["edges"]["items"]
    return [(edge["line"], edge["active"]) for edge in edges]


def buy_in_hand(browser: Chrome) -> None:
    """Scan the code, choose 3 credits and pay for them."""
    click(browser, "scan")
    press_in_hand(browser, "3 credits")
    press_in_hand(browser, "Pay $2.50")


def shown(browser: Chrome) -> Figures:
    """The figures as a person reads them, all at one moment."""
    names = ("reserved", "charged", "released", "counted", "cash-coins")
    read = "return arguments[0].map((name) => document.getElementById(name).textContent)"
    *money, counted, cash_coins = browser.execute_script(read, names)
    cents = (round(100 * float(amount[1:])) for amount in money)
    return Figures(*cents, counted=int(counted), cash_coins=int(cash_coins))


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
        f"What its operator sees: {demo.url}/operator",
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
    paid = replace(before, charged=before.charged + 250, counted=before.counted + 3)
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


def test_a_jammed_board_gives_a_coin_back(demo: Demo, browser: Chrome) -> None:
    """Its mech is inhibited: the button is off, and nothing is counted for who presses it all the same."""
    before = demo.figures()
    browser.get(demo.url)
    wait_until(lambda: browser.find_element(By.ID, "coin").is_enabled(), "the Coin button")
    assert demo.press("break/board")
    wait_until(lambda: not browser.find_element(By.ID, "coin").is_enabled(), "the Coin button to be off")
    assert not demo.press("board/coin")
    assert demo.figures() == before


def test_a_coin_of_metal_is_a_game_and_no_sale(demo: Demo, browser: Chrome) -> None:
    """The board counts it, the cabinet sees it on the coin meter and plays; no money of a phone moves."""
    before, so_far = demo.figures(), demo.state()
    browser.get(demo.url)
    click(browser, "coin")
    paid = replace(before, cash_coins=before.cash_coins + 1)
    wait_until(lambda: shown(browser) == paid, "the coin among the figures")
    assert text(browser, "credits-left") == str(so_far["board"]["credits"] + 1)
    told = f"coins {paid.cash_coins}"
    wait_until(lambda: told in text(browser, "messages"), "the cabinet to tell of its coin")
    wait_until(lambda: demo.state()["screen"]["state"] == "playing", "the session")
    drawn = [("coin_meter", True), ("coin_meter", False)]
    wait_until(lambda: levels_since(demo, so_far) == drawn, "the count on the trace, and no pulse")

    games = text(browser, "messages").count("gameover")
    click(browser, "start")
    click(browser, "game-over")
    wait_until(lambda: text(browser, "messages").count("gameover") > games, "the game over message")
    assert (demo.state()["pulses_fired"], demo.figures()) == (so_far["pulses_fired"], paid)


def test_a_cut_coin_wire_charges_nothing_and_closes_the_cabinet(demo: Demo, browser: Chrome) -> None:
    """Three pulses leave the pin and none is counted: no charge, out of order, and no more sales."""
    browser.get(demo.url)
    wait_until(demo.code, "a code on the attract screen")
    door, before, fired = str(demo.code()), demo.figures(), demo.state()["pulses_fired"]
    lever = browser.find_element(By.CSS_SELECTOR, "[data-what=coin_wire]")
    wait_until(lambda: browser.find_element(By.ID, "scan").is_enabled(), "a code to scan")
    lever.click()
    wait_until(lambda: lever.text == "Mend the coin wire", "the lever to offer the way back")
    assert text(browser, "seen") == (
        "The coin wire is cut: pulses leave the pin, the board counts none, so nothing is charged. "
        "After three in a row: out of order."
    )

    buy_in_hand(browser)

    unpaid = replace(before, released=before.released + 250)
    wait_until(lambda: shown(browser) == unpaid, "the money to be released")
    with in_hand(browser):
        wait_until(lambda: shows(browser, "You have not been charged."), "the phone to say so")
    assert text(browser, "pulses") == str(fired + 3)
    apology = (By.CSS_SELECTOR, "#screen[alt='The attract screen, out of order']")
    wait_until(lambda: browser.find_elements(*apology), "the screen to say out of order")
    assert demo.code() is None, "a cabinet that is out of order shows a code"
    fault = "coin meter: the last 3 coin pulses were not counted by the board"
    wait_until(lambda: fault in text(browser, "messages"), "the cabinet to tell what is wrong")
    refusal = requests.get(door, timeout=60)
    assert 'name="offer"' not in refusal.text, "the door sells"

    lever.click()
    wait_until(lambda: lever.text == "Cut the coin wire", "the lever to be back")
    wait_until(demo.code, "the code to come back")
    click(browser, "again")
    buy_in_hand(browser)
    sold = replace(unpaid, charged=unpaid.charged + 250, counted=unpaid.counted + 3)
    wait_until(lambda: shown(browser) == sold, "the cabinet to sell again")


def test_a_coin_wire_cut_in_mid_train_charges_what_was_counted(demo: Demo) -> None:
    """The rest is released, whichever pulse was the last to reach the board."""
    address, before, fired = demo.order(), demo.figures(), demo.state()["pulses_fired"]
    pay(address)
    wait_until(lambda: demo.figures().counted > before.counted, "the first credit on the board")
    assert demo.press("break/coin_wire")
    assert re.fullmatch(
        r"The coin wire was cut at pulse [123] of 3: what the board counts is charged, "
        r"the rest is released\.",
        demo.state()["seen"],
    )
    wait_until(lambda: demo.figures().reserved == before.reserved, "the money to be settled", within_s=60)
    after = demo.figures()
    charge = 250 * (after.counted - before.counted) // 3
    assert after == replace(
        before,
        charged=before.charged + charge,
        released=before.released + 250 - charge,
        counted=after.counted,
    )
    assert demo.state()["pulses_fired"] == fired + 3


def test_a_coin_wire_that_is_mended_without_power_is_whole_after_the_start(demo: Demo) -> None:
    """The fault outlives the plug; it is cleared as soon as a controller runs that can be told."""
    address = demo.order()
    assert demo.press("break/coin_wire")
    pay(address)
    wait_until(lambda: demo.state()["screen"]["state"] == "out_of_order", "the cabinet to be out of order")
    assert demo.press("break/plug")
    assert demo.press("break/coin_wire/mended")
    assert not demo.press("break/coin_wire/mended"), "it was mended twice"
    wait_until(demo.code, "the code to come back", within_s=60)


def test_the_plug_pulled_in_mid_train_costs_the_player_nothing(demo: Demo) -> None:
    """The board lost its credits with the power: all of it is released, and the cabinet sells again."""
    address, before = demo.order(), demo.figures()
    pay(address)
    wait_until(lambda: demo.figures().counted > before.counted, "the first credit on the board")
    assert demo.press("break/plug")
    assert demo.code() is None, "a screen without power shows a code"
    assert re.fullmatch(
        r"The plug was pulled at pulse [123] of 3: the board lost its credits, so nothing is charged\.",
        demo.state()["seen"],
    )
    assert not demo.press("break/plug"), "it was pulled twice"
    wait_until(demo.code, "the code to come back", within_s=60)
    wait_until(lambda: demo.figures().reserved == before.reserved, "the money to be settled")
    after = demo.figures()
    assert replace(after, counted=0) == replace(before, released=before.released + 250, counted=0)
    assert demo.state()["board"]["credits"] == 0


def test_a_killed_controller_fires_no_pulse_twice_and_charges_what_is_sure(demo: Demo) -> None:
    """Killed in mid-train it is started again; a pulse that it was killed inside of is not charged."""
    address, before, fired = demo.order(), demo.figures(), demo.state()["pulses_fired"]
    pay(address)
    wait_until(lambda: demo.state()["pulses_fired"] >= fired + 2, "the second pulse")
    assert demo.press("break/controller")
    seen = demo.state()["seen"]
    # A pulse that was ordered had begun or not: the sentence leaves it open, and the money does not.
    charges = (166, 250) if "ordered" in seen else (250,)
    fair = [
        replace(
            before,
            charged=before.charged + charge,
            released=before.released + 250 - charge,
            counted=before.counted + 3,
        )
        for charge in charges
    ]
    wait_until(lambda: demo.figures() in fair, f"one of {fair}", within_s=60)
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
    demo.wait_for(replace(before, charged=before.charged + 250, counted=before.counted + 3))
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


@pytest.mark.parametrize("button", ["board/start", "board/coin", "break/board", "break/plug"])
def test_buttons_are_refused_to_other_pages(demo: Demo, button: str) -> None:
    """A page from elsewhere in the same browser can neither play nor break."""
    for origin in ({}, {"Origin": "http://elsewhere.example"}):
        assert requests.post(f"{demo.url}/{button}", headers=origin, timeout=60).status_code == 403
    assert set(demo.state()["whole"].values()) == {True}


def test_what_cannot_be_broken_is_named(demo: Demo) -> None:
    """With everything that can."""
    answer = requests.post(f"{demo.url}/break/bank", headers={"Origin": demo.url}, timeout=60)
    assert answer.status_code == 404
    for part in ("bank", "plug", "wifi mended"):
        assert part in answer.text


def test_another_host_name_is_sent_to_the_page_s_own(demo: Demo) -> None:
    """A name that only points at this machine gets nothing but the way to the real address."""
    answer = requests.get(
        f"{demo.url}/state", headers={"Host": "elsewhere.example"}, allow_redirects=False, timeout=60
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{demo.url}/")


def test_state_gives_only_what_is_new(demo: Demo) -> None:
    """With the indexes of the last answer, edges and messages are not sent twice."""
    first = demo.state()
    assert "status" in [entry["name"] for entry in first["messages"]["items"]]
    again = requests.get(
        f"{demo.url}/state",
        params={"edges": first["edges"]["next"], "messages": first["messages"]["next"]},
        timeout=60,
    ).json()
    assert (again["edges"], again["messages"]) == (
        {"next": first["edges"]["next"], "items": []},
        {"next": first["messages"]["next"], "items": []},
    )


def test_a_second_demo_in_the_folder_is_told_of_the_first(demo: Demo) -> None:
    """It names the first one's process and address, and leaves it alone."""
    assert refused(command(free_pair(), demo.folder)) == (
        f"The demo did not start: a demo already runs here (process {demo.process.pid}, "
        f"{demo.url}); end that one first, with Ctrl-C\n"
    )
    assert requests.get(f"{demo.url}/state", timeout=60).status_code == 200


@pytest.mark.parametrize("taken_behind", [0, 1])
def test_a_taken_port_is_named_with_the_remedy(tmp_path: Path, taken_behind: int) -> None:
    """The page's port or the relay's behind it: one line, and nothing was started."""
    port = free_pair()
    with socket.create_server(("127.0.0.1", port + taken_behind)):
        assert refused(command(port, tmp_path / "run")) == (
            f"The demo did not start: port {port + taken_behind} cannot be used (Address already in use): "
            "name another with make demo PORT=9000\n"
        )
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".made-by-the-arcade-demo"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """What no demo made is never removed."""
    (tmp_path / "letter.txt").write_text("dear")
    assert refused(command(free_pair(), tmp_path)) == (
        f"The demo did not start: {tmp_path} has files that no demo made: name another folder with --folder\n"
    )
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_the_operator_sees_the_sale_on_a_page_of_their_own(demo: Demo, browser: Chrome) -> None:
    """Beside a month of eleven neighbours; the link logs the demo's operator in."""
    wait_until(lambda: requests.get(f"{demo.url}/operator", timeout=60).status_code == 200, "the pages")
    browser.get(f"{demo.url}/operator")
    assert browser.title == "Overview"
    rows = "table.machines tbody tr"
    assert len(browser.find_elements(By.CSS_SELECTOR, rows)) == 12
    before = operators_plays(browser)
    pay(demo.order())
    wait_until(lambda: operators_plays(browser) == before + 1, "the sale, without a reload")
    assert browser.get_log("browser") == []


def operators_plays(browser: Chrome) -> int:
    # In one step: the page may be written anew between two.
    text = browser.execute_script("return document.querySelectorAll('.figures dd')[1].textContent")
    return int(str(text).strip().replace(",", ""))
