"""An operator's day in a real Chromium, over the whole chain: all of it by pages and one command."""

from __future__ import annotations

import base64
import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from conftest import has_caught_up, wait_until
from fleet_site import addresses
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select
from sqlalchemy.engine import make_url
from test_fleet_browser import FILES, SIZES, axe, look_at, wrong_with
from test_fleet_channels import Mailbox, mailbox
from test_relay_thanks_browser import phone, read
from test_whole_chain import checkout, wait_until_it_sells

from controller.ledger.reader import read_ledger
from fleet.book.database.engine import open_book
from fleet.routes.app import create_app
from fleet.routes.world import World
from fleet.rules.roles import PUBLIC
from fleet.settings import read_settings
from simulator.chain.cabinet import COIN_METER, MACHINE_ID, NAME, reboot
from simulator.chain.chain import Chain, Wiring, running_chain
from simulator.chain.fleet import RunningFleet, money_settings, running_fleet
from simulator.stripe.pace import QUICK

__all__ = ["axe", "mailbox"]
# Half of it waits for what an alert waits for.
pytestmark = [pytest.mark.fleet, pytest.mark.timeout(300)]

WHO = f"{NAME} ({MACHINE_ID})"
PERSON, PASSWORD, HALL = "Ada", "a good long password", "Arcade am Ring"
TOLD_WITHIN_S = 90
REASON = "The game did not start"


@dataclass
class Journey:
    """The chain, the fleet's pages in a browser, and where pictures and files of it are kept."""

    chain: Chain
    fleet: RunningFleet
    chrome: Chrome
    folder: Path

    def open(self, address: str) -> None:
        """Go to a page."""
        self.chrome.get(self.fleet.url + address)

    def follow(self, words: str) -> None:
        """Press the first link with these words."""
        link = self.chrome.find_element(By.LINK_TEXT, words)
        link.click()
        wait_until(lambda: has_left(self.chrome, link), f"the page behind {words}")

    def form(self, end_of_action: str = "") -> WebElement:
        """The page's form whose action ends so; otherwise its last one."""
        forms = self.chrome.find_elements(By.CSS_SELECTOR, "main form[method=post]")
        return [form for form in forms if str(form.get_attribute("action")).endswith(end_of_action)][-1]

    def fill(self, form: WebElement, **typed: str) -> None:
        """Type into fields of a form, and send it."""
        for name, text in typed.items():
            field = form.find_element(By.NAME, name)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(text)
            else:
                field.clear()
                field.send_keys(text)
        form.find_element(By.CSS_SELECTOR, "button").click()
        wait_until(lambda: has_left(self.chrome, form), "the form's answer")

    def text(self) -> str:
        """What can be read."""
        return read(self.chrome)

    def reload_until(self, condition: Callable[[], object], what: str, within_s: float) -> None:
        """Load the page anew until it is so."""

        def is_so() -> object:
            self.chrome.refresh()
            return condition()

        wait_until(is_so, what, within_s)

    def buy(self, credits: int) -> str:
        """A player pays, and the relay has settled it."""
        payment_id = self.chain.stripe.pay(checkout(self.chain, credits))
        self.chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled")
        return payment_id

    def download(self, words: str) -> list[dict[str, str]]:
        """Press the link to a file; its rows as a spreadsheet has them."""
        where = self.folder / "downloads"
        params = {"behavior": "allow", "downloadPath": str(where)}
        self.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", params)
        self.chrome.find_element(By.LINK_TEXT, words).click()
        wait_until(lambda: [*where.glob("*.csv")], f"the file of {words}")
        (path,) = where.glob("*.csv")
        text = path.read_text(encoding="utf-8-sig")
        path.unlink()
        return list(csv.DictReader(text.splitlines()))

    def picture(self, name: str) -> None:
        """Keep how the page looks, for whoever wants to see it."""
        height = self.chrome.execute_script("return document.documentElement.scrollHeight")
        width = self.chrome.execute_script("return innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        params = {"captureBeyondViewport": True, "clip": clip}
        data = self.chrome.execute_cdp_cmd("Page.captureScreenshot", params)["data"]
        (self.folder / "pictures").mkdir(exist_ok=True)
        (self.folder / "pictures" / f"{name}.png").write_bytes(base64.b64decode(data))


def has_left(chrome: Chrome, element: WebElement) -> bool:
    """Whether the page that this was on has made way for another one, which is whole."""
    try:
        element.is_enabled()
    except WebDriverException:
        return bool(chrome.execute_script("return document.readyState === 'complete'"))
    return False


@contextmanager
def beginning(folder: Path) -> Iterator[Journey]:
    """A cabinet that sells, a fleet that knows it, and a browser that has not logged in."""
    wiring = Wiring(pace=QUICK)
    with (
        running_chain(folder / "chain", wiring=wiring, coin_meter=COIN_METER) as chain,
        running_fleet(chain.broker, folder / "book.sqlite", settings=money_settings(chain)) as fleet,
        phone(folder / "profile") as chrome,
    ):
        wait_until_it_sells(chain)
        wait_until(lambda: has_caught_up(chain.controller), "the cabinet to have caught up")
        yield Journey(chain, fleet, chrome, folder)


def add_owner(fleet: RunningFleet) -> pyotp.TOTP:
    """The first person, by the command; gives the authenticator app that has read its code."""
    command = [sys.executable, "-m", "fleet", "add-person", PERSON, "--role", "owner"]
    environment = {**os.environ, "FLEET_DATABASE": fleet.database}
    done = subprocess.run(
        command, env=environment, input=f"{PASSWORD}\n", capture_output=True, text=True, check=True
    )
    address = re.search(r"^otpauth://\S+$", done.stdout, re.MULTILINE)
    assert address is not None, done.stdout
    return pyotp.TOTP(parse_qs(urlsplit(address[0]).query)["secret"][0])


def log_in(day: Journey) -> None:
    """By password and code."""
    app = add_owner(day.fleet)
    day.open("/money")
    day.fill(day.form(), name=PERSON, password=PASSWORD, code=app.now())
    assert day.chrome.find_element(By.TAG_NAME, "h1").text.startswith("Money"), "not where one wanted to go"


def set_up(day: Journey, mail: str) -> None:
    """A hall, the machine in it, what its coins are worth, and whom to tell."""
    day.open("/locations")
    day.fill(day.form(), name=HALL, owner_name="Ring GmbH", share="40")
    day.open(f"/machines/{MACHINE_ID}")
    day.follow("Name and place")
    day.fill(day.form(), name=NAME, location=HALL, coin_value="1.00", coin_currency="USD")
    day.open("/channels")
    day.fill(day.form(), name="Ada's mail", url=mail)
    assert "Ada's mail" in day.text()


def see_sales_arrive(day: Journey) -> list[str]:
    """On the overview, while it stays open: two sales, and coins."""
    day.open("/")
    day.chrome.execute_script("window.neverLoadedAnew = true")
    payments = [day.buy(1)]
    wait_until(lambda: figure(day, "Phone") == "$1.00", "the sale on the overview", within_s=60)
    # One at a time, as people do: a meter that counts faster than coins fall is not believed.
    for coins in range(1, 4):
        day.chain.board.insert_cash_coin()
        wait_until(lambda so_far=f"${coins}.00": figure(day, "Cash") == so_far, "the coin on the overview")  # type: ignore[misc]
    payments.append(day.buy(3))
    wait_until(lambda: figure(day, "Phone") == "$3.50", "the other sale on the overview", within_s=60)
    assert day.chrome.execute_script("return window.neverLoadedAnew")
    return payments


def figure(day: Journey, title: str) -> str:
    """What the overview's only machine has under this title."""
    script = "return document.querySelector(`td[data-title=${arguments[0]}]`)?.textContent"
    return str(day.chrome.execute_script(script, title))


def pull_the_plug(day: Journey) -> None:
    """The Pi and the board lose their power: it is the broker that tells, by the machine's last will."""
    day.open("/")
    assert figure(day, "State") == "being played"
    os.killpg(day.chain.controller.pid, signal.SIGKILL)
    day.chain.board.lose_power()
    wait_until(
        lambda: figure(day, "State") == "offline", "the machine to be offline on the overview", within_s=60
    )


def plug_in(day: Journey) -> None:
    """It starts again, as after any cut."""
    reboot(day.chain.config_file)
    day.chain.controller.start()


def see_to_the_alert(day: Journey, box: Mailbox) -> None:
    """It stands on the page, was told by mail, and is seen to by a button."""
    day.open("/alerts")
    day.reload_until(lambda: f"{WHO}: offline" in day.text(), "the alert on the page", TOLD_WITHIN_S)
    wait_until(lambda: subjects(box), "the mail")
    day.picture("alert")
    day.fill(day.form("/acknowledge"))
    assert f"Seen to by {PERSON}" in day.text()


def subjects(box: Mailbox) -> list[str]:
    """What was told by mail."""
    return [str(mail["Subject"]) for mail in box.mails]


def collect_cash(day: Journey) -> None:
    """Half a coin's worth is missing, and the page says so."""
    day.open("/collections")
    day.fill(day.form(), machine=WHO, counted="2.50", currency="usd", collector="Bob", note="Friday")
    assert "Recorded $2.50 of star-raider-01: $0.50 less than its 3 coins come to." in day.text()
    (line,) = day.download("CSV for a spreadsheet")
    assert (line["counted"], line["collector"], line["variance"]) == ("2.50", "Bob", "-0.50"), line


def compare_file_with_ledger(day: Journey) -> None:
    """The downloaded sales are the cabinet's own, row by row and field by field."""
    day.open(f"/machines/{MACHINE_ID}")
    lines = day.download("Sales as CSV")
    ledger = read_ledger(day.chain.folder / "state" / "ledger.sqlite").rows
    assert [in_ledger(each) for each in reversed(ledger)] == [in_file(each) for each in lines]
    for line, each in zip(lines, reversed(ledger), strict=True):
        late_s = (datetime.fromisoformat(line["When"]) - each.received_at).total_seconds()
        assert -2 < late_s < 60, (line, each)


def in_ledger(row: Any) -> dict[str, str]:
    """A payment of the ledger, in the words of a file."""
    return {
        "Payment": row.payment_id,
        "Amount": f"{row.amount / 100:.2f}",
        "Charged": f"{row.charged / 100:.2f}",
        "currency": row.currency.upper(),
        "Credits": str(row.credits),
        "Delivered": str(row.credits_delivered),
        "Pulses": str(row.fired),
        "Uncounted": str(row.uncounted),
        "In doubt": str(row.ambiguous),
        "Outcome": row.outcome,
        "Reason": row.reason or "",
        "Answer": row.answer,
    }


def in_file(line: dict[str, str]) -> dict[str, str]:
    """A line of the file, without its time and kind."""
    return {name: text for name, text in line.items() if name not in ("When", "Kind")}


def give_back(day: Journey, payment_id: str) -> None:
    """With a reason; it is so at Stripe, in the book and in the audit log."""
    day.open(f"/machines/{MACHINE_ID}")
    day.follow(payment_id)
    day.picture("payment")
    day.fill(day.form("/refund"), reason=REASON)
    assert f"Refunded $1.00 of {payment_id}; $1.00 had been charged." in day.text()
    assert day.chain.stripe.money()["refunded"] == 100
    assert "Nothing is left that could be given back." in day.text()
    assert "refund -$1.00" in day.text().split("What Stripe moved and kept")[1]
    day.open("/money")
    assert "Net, after fees\n-$0.33" in day.text()
    day.open("/audit")
    deed = f"refund {MACHINE_ID} payment: {payment_id}, reason: {REASON}, done: true"
    assert deed in day.text()
    assert f"{PERSON} collection {MACHINE_ID} counted: $2.50" in day.text()


def pages(day: Journey, payment_id: str) -> list[str]:
    """The addresses of all pages that are no files, of what there is now."""
    engine = open_book(make_url(day.fleet.database))
    app = create_app(World(read_settings(day.fleet.environment), engine))
    engine.dispose()
    values = {"machine_id": MACHINE_ID, "payment_id": payment_id, "number": 1, "rows_of": "sales"}
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC and "GET" in (rule.methods or set())
    ]
    found = {address for rule in rules for address in addresses(rule, values)}
    return sorted({each for each in found if not each.endswith(FILES) and each != "/live"})


def wrong_on(day: Journey, axe: str, addresses: Iterable[str]) -> dict[str, list[str]]:
    """What is wrong with any of these pages, on a phone and on a desk."""
    wrong = {}
    for width, colours in SIZES:
        look_at(day.chrome, width, colours)
        for address in addresses:
            day.open(address)
            day.picture(f"{width}-{re.sub(r'[^A-Za-z0-9]+', '-', address.strip('/')) or 'overview'}")
            if found := wrong_with(day.chrome, axe, width):
                wrong[f"{address} at {width}"] = found
    return wrong


def test_an_operators_day(tmp_path: Path, mailbox: tuple[Mailbox, int], axe: str) -> None:
    """From the first login to the refund, with a plug pulled in between and put in again."""
    box, port = mailbox
    with beginning(tmp_path) as day:
        look_at(day.chrome, 1440, "light")
        log_in(day)
        set_up(day, f"mailto://127.0.0.1:{port}?from=fleet@example.org&to=ada@example.org&mode=insecure")
        first, _ = see_sales_arrive(day)
        pull_the_plug(day)
        collect_cash(day)
        compare_file_with_ledger(day)
        give_back(day, first)
        assert wrong_on(day, axe, (*pages(day, first), "/statement?location=1")) == {}
        see_to_the_alert(day, box)
        plug_in(day)
        assert wrong_on(day, axe, ("/", "/alerts", "/audit", f"/machines/{MACHINE_ID}")) == {}
        wait_until(lambda: len(subjects(box)) == 2, "the mail that it is over", TOLD_WITHIN_S)
        assert subjects(box) == [f"{WHO}: offline", f"Over: {WHO}: offline"]
