"""CORE. What is said of a machine that was made, and what is left to be done, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Where a cabinet has its configuration, and the authority's certificate that it takes over from the card.
CONFIG, CERTIFICATE = "/etc/arcade-cabinet/config.yaml", "/etc/arcade-cabinet/ca.crt"


@dataclass(frozen=True)
class MadePage:
    """A machine's `file`, and the login that was made for it at `login_at`, or the words to make it.

    `ca_file` is the broker's authority, empty for a public one. `min_token_numbers` and `offers` are the
    relay's settings as they should be; None where they are right. `kept_in` is the file that says them
    already, empty where nobody wrote them down.
    """

    machine_id: str
    file: str
    is_on_card: bool
    broker: tuple[str, int]
    login_at: str
    left: tuple[str, ...]
    ca_file: str
    min_token_numbers: str | None
    offers: str | None
    kept_in: str = ""


def made_text(page: MadePage) -> str:
    """The page, each line ended."""
    host, port = page.broker
    lines = [f"{page.file} is the whole config.yaml of {page.machine_id}, with the broker at {host}:{port}."]
    if not page.left:
        lines.append(f"Its login is made ({page.login_at}).")
    lines.append("What is left to do, in this order:")
    return "\n".join([*lines, *(f"{number:3}. {step}" for number, step in enumerate(_steps(page), 1))]) + "\n"


def _steps(page: MadePage) -> Iterator[str]:
    yield from page.left
    yield from _kept(page) if page.kept_in else _to_be_typed(page)
    yield from _with_card(page) if page.is_on_card else _with_file(page)


def _kept(page: MadePage) -> Iterator[str]:
    if page.min_token_numbers or page.offers:
        yield f"Restart the relay: {page.kept_in} says what is new."


def _to_be_typed(page: MadePage) -> Iterator[str]:
    if page.min_token_numbers:
        numbers = f"MIN_TOKEN_NUMBERS={page.min_token_numbers}"
        yield f"Revoke its older tokens, in the relay's environment: {numbers}"
    if page.offers:
        yield f"Name it at its door, in the relay's environment: OFFERS={page.offers}"


def _with_card(page: MadePage) -> Iterator[str]:
    taken = "cabinet.yaml and ca.crt" if page.ca_file else "cabinet.yaml"
    yield (
        "Take the card out in good order, put it into the cabinet, and switch on: at its start it takes "
        f"{taken} over."
    )
    yield (
        "Keep the card to yourself until then. Its boot partition knows no modes, so that whoever holds it "
        "reads token and password. The cabinet overwrites them there."
    )


def _with_file(page: MadePage) -> Iterator[str]:
    if page.ca_file:
        yield f"Copy {page.ca_file} to the cabinet, as {CERTIFICATE}: sudo install -m 644 FILE {CERTIFICATE}"
    yield f"Copy {page.file} to the cabinet, as {CONFIG}: sudo install -m 640 -g cabinet FILE {CONFIG}"
    yield f"Delete {page.file} here: it holds the token and the password. Only you can read it."
    yield "On the cabinet: sudo systemctl restart arcade-controller, and sudo cabinet status"
