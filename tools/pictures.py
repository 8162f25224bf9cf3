"""Makes the pictures of the docs by running the program: `make pictures`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import screens
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait

from attract_screen.model.themes import THEME_NAMES

DOCS = Path(__file__).parent.parent / "docs"
PORT = 8950
DESIGN, GAP = (480, 360), 12


def main() -> None:
    """Draw docs/attract.png, docs/screens, docs/demo.png and docs/fleet.png."""
    DOCS.mkdir(exist_ok=True)
    screens.main()
    with tempfile.TemporaryDirectory() as folder:
        attract(Path(folder))
        with demo(Path(folder) / "run") as address, chromium(Path(folder) / "profile") as browser:
            buy(browser, address)
            browser.save_screenshot(str(DOCS / "demo.png"))
            operator(browser, address)
            browser.save_screenshot(str(DOCS / "fleet.png"))


def attract(folder: Path) -> None:
    """The attract screen in each of its designs, side by side."""
    width, height = DESIGN
    beside = Image.new("RGB", (len(THEME_NAMES) * (width + GAP) - GAP, height), "white")
    for number, theme in enumerate(THEME_NAMES):
        feed, drawn = folder / "screen.json", folder / "drawn.png"
        feed.write_text(json.dumps(screens.FEED | {"theme": theme}))
        command = [sys.executable, "-m", "attract_screen", "--render", str(drawn), "--elapsed", "0.6"]
        subprocess.run([*command, "--feed", str(feed), "--size", f"{width}x{height}"], check=True)
        with Image.open(drawn) as picture:
            beside.paste(picture, (number * (width + GAP), 0))
    beside.quantize(screens.COLOURS, kmeans=1).save(DOCS / "attract.png", optimize=True)


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """The demo, and the address of its page."""
    command = [sys.executable, "-m", "simulator", "demo", f"--port={PORT}", f"--folder={folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{PORT}/"
        finally:
            process.terminate()


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Debian's Chromium, without a display."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "no-first-run", "disable-sync"):
        options.add_argument(f"--{flag}")
    options.add_argument("--window-size=1440,1040")
    options.add_argument(f"--user-data-dir={profile}")
    browser = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield browser
    finally:
        browser.quit()


def buy(browser: Chrome, address: str) -> None:
    """Three credits, and a game begun."""
    wait = WebDriverWait(browser, 20)
    browser.get(address)
    wait.until(element_to_be_clickable((By.ID, "scan"))).click()
    wait.until(lambda _: browser.find_element(By.ID, "phone").is_displayed())
    browser.switch_to.frame("phone")
    for words in ("3 credits", "Pay"):
        wait.until(element_to_be_clickable((By.XPATH, f"//button[contains(., '{words}')]"))).click()
    browser.switch_to.default_content()
    wait.until(lambda _: browser.find_element(By.ID, "charged").text == "$2.50")
    wait.until(element_to_be_clickable((By.ID, "start"))).click()
    browser.switch_to.frame("phone")
    wait.until(lambda _: "on the machine" in browser.find_element(By.TAG_NAME, "body").text)
    browser.switch_to.default_content()


def operator(browser: Chrome, address: str) -> None:
    """What the operator of that cabinet sees, and of eleven others."""
    browser.get(f"{address}operator")
    sold = "//tr[contains(., 'Star Raider') and contains(., '$2.50')]"
    WebDriverWait(browser, 30).until(lambda page: page.find_elements(By.XPATH, sold))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1200, "height": 760, "deviceScaleFactor": 1, "mobile": False},
    )


if __name__ == "__main__":
    main()
