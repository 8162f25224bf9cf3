"""What each kind of value in config.yaml may be; each reader raises ValueError saying what would be right."""

from __future__ import annotations

import difflib
import os
import re
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from attract_screen.model.connectors import PLACE
from attract_screen.model.feed_format import MAX_QR_CHARS, aspect_of, fits_qr
from attract_screen.model.themes import THEME_NAMES
from attract_screen.model.wording import LANGUAGES, MOST_LANGUAGES
from controller.formats.wire import MACHINE_ID
from controller.model.board_profiles import PROFILES
from controller.model.custom_pulse import refused_gap, refused_pulse

_WHOLE = re.compile(r"0|[1-9][0-9]*")
_DIGITS = 9  # int() refuses thousands of them in words of its own
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
# At power-up the Pi pulls GPIO 0-8 up: a coin output there would be a coin at every start.
FIRST_COIN_PIN, LAST_PIN = 9, 27
# The door's address is this, /p/ and a machine id.
MAX_RELAY_CHARS = MAX_QR_CHARS - len("/p/") - 64


def machine_id(text: str) -> str:
    """The name of the cabinet in topics and addresses."""
    if not MACHINE_ID.fullmatch(text):
        raise ValueError("use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01")
    return text


def name(text: str) -> str:
    """What the player reads on the screen."""
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise ValueError("use 1 to 64 printable characters")
    return text


def web_address(text: str) -> str:
    """An address that starts with https (http only on this machine itself)."""
    known = re.fullmatch(r"https://[!-~]+|http://(127\.0\.0\.1|localhost|\[::1\])([:/][!-~]*)?", text)
    if not known or not _has_host(text):
        raise ValueError("use an address that starts with https://")
    return text.rstrip("/")


def code_address(text: str) -> str:
    """An address that the screen shows as a code."""
    address = web_address(text)
    if not fits_qr(address):
        raise ValueError(f"use at most {MAX_QR_CHARS} characters: the screen shows it as a code")
    return address


def relay_address(text: str) -> str:
    """The relay's address, with which that of its door begins."""
    address = web_address(text)
    if len(address) > MAX_RELAY_CHARS:
        raise ValueError(f"use at most {MAX_RELAY_CHARS} characters: the screen shows it as a code")
    return address


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half an IPv6 address
        return False


def proxy(text: str) -> str:
    """The address of an HTTP proxy, with a name and a password if it wants them."""
    if not re.fullmatch(r"https?://[!-~]+", text) or not _has_host(text) or urlsplit(text).path.strip("/"):
        raise ValueError("use the proxy's address alone, for example http://proxy.example.com:3128")
    return text


def token(text: str) -> str:
    """The machine's token, as the relay issued it."""
    if not re.fullmatch(r"[1-9][0-9]*\.[0-9a-f]{64}", text):
        raise ValueError("copy what `python -m cloud_relay token MACHINE_ID` printed")
    return text


def host(text: str) -> str:
    """A host's name or address, and nothing around it."""
    if not _HOST_NAME.fullmatch(text) and not _is_ip_address(text):
        raise ValueError("write the host alone, for example broker.example.com")
    return text


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def secret(text: str) -> str:
    """Anything that is not empty, and can be typed."""
    if not text.isprintable():
        raise ValueError("use printable characters, on one line")
    return text


def absolute_path(text: str) -> Path:
    """An absolute path."""
    if not text.startswith("/") or not text.isprintable():
        raise ValueError("write the whole path, beginning with /")
    return Path(text)


def readable_file(text: str) -> Path:
    """The absolute path of a file that is there."""
    path = absolute_path(text)
    if not os.access(path, os.R_OK):
        raise ValueError("there is no such file, or it may not be read")
    return path


def certificate_file(text: str) -> Path:
    """The absolute path of a file of certificates, as TLS will read it."""
    path = readable_file(text)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(
            "there is no certificate in it: one in PEM form begins with -----BEGIN CERTIFICATE-----"
        ) from error
    return path


def aspect(text: str) -> str:
    """The ratio of a monitor's sides."""
    if aspect_of(text) is None:
        raise ValueError("write width:height of the picture on the glass, for example 4:3")
    return text


def languages(text: str) -> tuple[str, ...]:
    """One or two languages of the screen, by their codes."""
    codes = tuple(part.strip() for part in text.split(","))
    for code in codes:
        _known_language(code)
    if len(codes) > MOST_LANGUAGES or len(set(codes)) < len(codes):
        raise ValueError("write one language, or two that alternate, for example en, es")
    return codes


def _known_language(code: str) -> None:
    if code in LANGUAGES:
        return
    known = ", ".join(f"{each} ({name})" for each, name in LANGUAGES.items())
    near = {each.lower(): each for each in LANGUAGES} | {each[:2]: each for each in LANGUAGES}
    meant = near.get(code.lower().replace("-", "_")) or near.get(code.lower()[:2])
    hint = f"did you mean {meant}? " if meant else ""
    raise ValueError(f"{hint}The languages are {known}")


def theme(text: str) -> str:
    """The name of a design of the screen."""
    return _named(text, THEME_NAMES, "designs")


def board(text: str) -> str:
    """The name of a board profile."""
    return _named(text, tuple(PROFILES), "boards")


def _named(text: str, known: tuple[str, ...], what: str) -> str:
    if text in known:
        return text
    names = ", ".join(known)
    close = difflib.get_close_matches(text.lower(), known, n=1)
    raise ValueError(f"did you mean {close[0]}? The {what} are {names}" if close else f"write one of {names}")


def pulse_ms(text: str) -> int:
    """How long a pulse of our own choice is."""
    return _unless(refused_pulse, whole(1, 10_000, "milliseconds")(text))


def gap_ms(text: str) -> int:
    """How long the rest between two pulses of our own choice is."""
    return _unless(refused_gap, whole(1, 5000, "milliseconds")(text))


def _unless(refused: Callable[[int], str | None], number: int) -> int:
    if (why := refused(number)) is not None:
        raise ValueError(why)
    return number


def pin(text: str) -> int:
    """A GPIO by its BCM number."""
    return whole(0, LAST_PIN, "a GPIO (BCM number)")(text)


def coin_pin(text: str) -> int:
    """A GPIO that rests low while the Pi starts."""
    return whole(FIRST_COIN_PIN, LAST_PIN, "a GPIO (BCM number) that rests low at power-up")(text)


def level(text: str) -> Literal["low", "high"]:
    """Which level means yes."""
    if text == "low":
        return "low"
    if text == "high":
        return "high"
    raise ValueError("write low (a contact to ground) or high")


def only_high(text: str) -> str:
    """The coin line's active level."""
    if text != "high":
        raise ValueError(
            "write high: an active-low output is claimed at its active level, a free credit at every "
            "start; invert in the wiring instead (opto-coupler or transistor)"
        )
    return text


def connector(text: str) -> str:
    """Where a monitor is plugged in, as the kernel calls it."""
    if not PLACE.fullmatch(text):
        raise ValueError("write a connector or card of /sys/class/drm, for example HDMI-A-2 or card1")
    return text


def word(*choices: str) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"write one of {', '.join(choices)}")
        return text

    return read


def yes_or_no(text: str) -> bool:
    """True or false, in these words."""
    if text not in ("true", "false"):
        raise ValueError("write true or false")
    return text == "true"


def whole(least: int, most: int, what: str) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or len(text) > _DIGITS or not least <= int(text) <= most:
            raise ValueError(f"write {what} as a whole number from {least} to {most}")
        return int(text)

    return read


def one_of(*choices: int) -> Callable[[str], int]:
    """A reader of one of a few numbers."""

    def read(text: str) -> int:
        if text not in map(str, choices):
            raise ValueError(f"write one of {', '.join(map(str, choices))}")
        return int(text)

    return read
