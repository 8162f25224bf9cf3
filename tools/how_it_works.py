"""Writes the messages of a real sale into docs/how-it-works.md: `make docs`.

The page has a place for each, between `<!-- run: NAME -->` and `<!-- /run -->`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from http_recorder import Exchange
from recorded_sale import MqttMessage, Sale, recorded_sale
from stable_words import BOOT_S, LEFT_S, PERIOD_S, PORTS, PULSE_S, StableWords, letters, sign

from cloud_relay.rules.tokens import TokenBook, relay_tag, token_tag
from simulator.chain.cabinet import MACHINE_ID

PAGE = Path(__file__).parent.parent / "docs" / "how-it-works.md"
PLACE = re.compile(r"(<!-- run: ([a-z-]+) -->\n).*?(<!-- /run -->)", re.DOTALL)
# Of the headers, those that mean something here.
HEADERS = ("Host", "Authorization", "Content-Type", "Stripe-Signature", "Location")
RELAY_SECRET = letters("relay secret", 64)
MACHINE_TOKEN = TokenBook(RELAY_SECRET, {}).issue(MACHINE_ID)
WEBHOOK_SECRET = f"whsec_{letters('webhook secret', 32)}"


def main() -> None:
    """Run one sale, and write what was said into the page."""
    PAGE.write_text(filled(PAGE.read_text(), pieces(recorded_sale())))
    print(f"Wrote the messages of one sale into {PAGE.name}.")


def filled(page: str, told: dict[str, str]) -> str:
    """The page with every place filled; a place that nothing is told for is a KeyError."""
    return PLACE.sub(lambda place: f"{place[1]}{told[place[2]]}\n{place[3]}", page)


def places(page: str) -> list[str]:
    """The names of the places in a page."""
    return [place[2] for place in PLACE.finditer(page)]


def pieces(sale: Sale) -> dict[str, str]:
    """What stands at each place, by its name; what differs from run to run is made the same each time."""
    words = StableWords(sale.paid_s, _known(sale))
    return {
        "secrets": _block("text", f"machine token   {MACHINE_TOKEN}\nwebhook secret  {WEBHOOK_SECRET}"),
        "status-attract": _message(words, sale.before_paying),
        "door": _block("http", _request(words, sale.door)),
        "door-page": _block("html", _form(words.text(sale.door.answer))),
        "bought": _block("http", _request(words, sale.bought)),
        "bought-answer": _block("http", _answer(words, sale.bought, body=False)),
        "checkout": _block("text", _form_fields(words, sale.checkout)),
        "webhook": _block("http", _signed(_request(words, sale.webhook))),
        "webhook-answer": _block("http", _answer(words, sale.webhook)),
        "coinpulse": _message(words, sale.on("/coinpulse")[0]),
        "check-signature": _block("python", _check(words.text(sale.on("/coinpulse")[0].payload))),
        "journal": _block("text", words.text("\n".join(sale.journal))),
        "payment-row": _block("text", _columns(words, _stable_payment(sale.payment))),
        "pulse-rows": _block("text", _table(words, [_stable_pulse(each) for each in sale.pulses])),
        "receipt": _block("http", _request(words, sale.receipt)),
        "looked-up": _block("text", f"GET {words.text(unquote_plus(sale.looked_up.path))}"),
        "captured": _block("text", _form_fields(words, sale.captured)),
        "captured-answer": _block("json", _some(words, sale.captured, "id", "status", "amount_received")),
        "receipt-answer": _block("http", _answer(words, sale.receipt)),
        "status-playing": _message(words, next(m for m in sale.on("/status") if "playing" in m.payload)),
        "gameover": _message(words, sale.on("/gameover")[0]),
        "status-after": _message(words, sale.on("/status")[-1]),
    }


def _known(sale: Sale) -> dict[str, str]:
    secrets = {
        sale.secrets.machine_token: MACHINE_TOKEN,
        token_tag(sale.secrets.machine_token): token_tag(MACHINE_TOKEN),
        relay_tag(sale.secrets.relay_secret): relay_tag(RELAY_SECRET),
    }
    return secrets | {f"127.0.0.1:{port}": f"127.0.0.1:{PORTS[part]}" for port, part in sale.ports.items()}


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.strip()}\n```"


def _request(words: StableWords, said: Exchange) -> str:
    line = f"{said.method} {unquote_plus(said.path)} HTTP/1.1"
    return words.text("\n".join([line, *_headers(said.headers), "", said.body]))


def _answer(words: StableWords, said: Exchange, *, body: bool = True) -> str:
    line = f"HTTP/1.1 {said.status} {said.reason}"
    return words.text("\n".join([line, *_headers(said.answer_headers), "", said.answer if body else ""]))


def _headers(headers: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items() if name in HEADERS]


def _signed(request: str) -> str:
    """The webhook with a signature of what the page shows, so that a reader can check it."""
    head, body = request.split("\n\n", 1)
    at_s = re.findall(r"t=(\d+)", head)[0]
    return re.sub(r"v1=\w+", f"v1={sign(WEBHOOK_SECRET, f'{at_s}.{body}')}", request)


def _message(words: StableWords, message: MqttMessage) -> str:
    payload = words.text(message.payload)
    retain = str(message.retain).lower()
    lines = [f"topic    {message.topic}", f"qos      {message.qos}", f"retain   {retain}"]
    if message.expiry_s is not None:
        expiry_s = LEFT_S if "coinpulse" in message.topic else message.expiry_s
        lines.append(f"expiry   {expiry_s} s")
    lines += [f"{name:<8} {sign(MACHINE_TOKEN, payload)}" for name, _ in message.user_properties]
    if not message.user_properties:  # a signed one stays as it is, to the letter
        payload = json.dumps(json.loads(payload), indent=2).replace("\n", "\n" + " " * 9)
    return _block("text", "\n".join([*lines, f"payload  {payload}"]))


def _check(payload: str) -> str:
    """A program for the reader, who can make the signature and compare."""
    lines = ("import hmac", "", f'token = "{MACHINE_TOKEN}"', f"payload = '{payload}'")
    return "\n".join([*lines, 'print(hmac.new(token.encode(), payload.encode(), "sha256").hexdigest())'])


def _form(page: str) -> str:
    """The part of the door's page that sells, without empty lines."""
    form = re.search(r"<h1>.*</form>", page, re.DOTALL)
    assert form is not None, page  # noqa: S101
    return re.sub(r"\n\n+", "\n", form[0])


def _form_fields(words: StableWords, said: Exchange) -> str:
    """A request of a form's fields: its line, and each field on one of its own."""
    fields = [unquote_plus(field).replace("=", " = ", 1) for field in said.body.split("&")]
    return words.text("\n".join([f"{said.method} {said.path}", *(f"  {field}" for field in fields)]))


def _some(words: StableWords, said: Exchange, *names: str) -> str:
    answer = json.loads(said.answer)
    return words.text(json.dumps({name: answer[name] for name in names}, indent=2))


def _stable_payment(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"deadline_s": BOOT_S + LEFT_S}


def _stable_pulse(row: dict[str, Any]) -> dict[str, Any]:
    """As the coin line was asked to make it; a run measures a tenth of a millisecond more or less."""
    rose_s = BOOT_S + (row["number"] - 1) * PERIOD_S
    return row | {"rose_s": f"{rose_s:.3f}", "fell_s": f"{rose_s + PULSE_S:.3f}"}


def _columns(words: StableWords, row: dict[str, Any]) -> str:
    return words.text("\n".join(f"{name:<17} {value}" for name, value in row.items()))


def _table(words: StableWords, rows: list[dict[str, Any]]) -> str:
    lines = [list(rows[0]), *([words.text(str(value)) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


if __name__ == "__main__":
    main()
