"""CORE. The feed's format: bytes -> Feed, or a FeedError saying what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from attract_screen.model.connectors import ANYWHERE, PLACE, Wish
from attract_screen.model.letters import HasLetter, drawable, has_letter, title_of
from attract_screen.model.monitor import MOST_OVERSCAN_PERCENT, ROTATIONS, Aspect, Monitor
from attract_screen.model.technician_format import Technician, TechnicianError, read_technician
from attract_screen.model.themes import USUAL_THEME, ThemeName, theme_named
from attract_screen.model.wording import LANGUAGES, MOST_LANGUAGES, USUAL_LANGUAGE

FORMAT = 1
MAX_QR_CHARS = 300
MAX_NOTE_CHARS = 80
MAX_FOLDER_CHARS = 1024

_MACHINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CURRENCY = re.compile(r"[a-z]{3}")
_ASPECT = re.compile(r"([1-9][0-9]?):([1-9][0-9]?)")
_WALL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ADDRESS = re.compile(r"https?://[!-~]+")

_T = TypeVar("_T")


class FeedError(ValueError):
    """The feed is not what the attract screen can show."""


class State(StrEnum):
    """What the cabinet is doing, as the controller says it."""

    STARTING = "starting"
    ATTRACT = "attract"
    PAYING = "paying"
    PLAYING = "playing"
    NOT_READY = "not_ready"
    OFFLINE = "offline"
    OUT_OF_ORDER = "out_of_order"
    SETUP = "setup"
    """There is no configuration that can be used, and so no controller: a notice says what to do."""


class Shows(StrEnum):
    """What a screen is there for."""

    ALL = "all"
    """What a player has to know: the main screen."""
    NAME = "name"
    """The machine's name and what a credit costs: a marquee that leaves the code to the main screen."""


@dataclass(frozen=True)
class Offer:
    """So many credits for so much money; `amount` is in the currency's minor unit."""

    credits: int
    amount: int
    currency: str


@dataclass(frozen=True)
class PricePeriod:
    """A time of other prices: its name, and what clocks show when it ends or begins; empty if not soon."""

    name: str
    at: str = ""


@dataclass(frozen=True)
class Notice:
    """What a technician reads from a step away: a headline, and lines in full sentences."""

    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """One reading of the feed file; times are CLOCK_BOOTTIME seconds."""

    written_at_s: float
    state: State
    machine_id: str
    machine_name: str
    qr: str | None
    offers: tuple[Offer, ...]
    credits: int
    since_s: float
    rotate: int
    technician_line: str | None
    waiting: int = 0
    """Credits that were paid for and wait until a game ends, because the board can hold no more."""
    notice: Notice | None = None
    """Only in the state SETUP, and there always."""
    note: str = ""
    """Why the prices are not the usual ones: "Happy hour until 18:00"."""
    free: bool = False
    """Whether nobody pays for the credits that are on their way."""
    aspect: Aspect | None = None
    overscan_percent: int = 0
    wish: Wish = ANYWHERE
    """Where to draw, on a machine with more than one monitor."""
    shows: Shows = Shows.ALL
    sound: bool = False
    """Whether a coin is to be heard for each payment that is credited."""
    credited: int = 0
    """How many payments have been credited since the controller runs."""
    languages: tuple[str, ...] = (USUAL_LANGUAGE,)
    """Those that take turns, by their codes; at least one."""
    words: str | None = None
    """Where the file with the operator's own words is: a whole path."""
    technician: Technician | None = None
    """What a technician asked to see, in the place of the player's picture."""
    odd: str = ""
    """What of the feed cannot be shown and is left out; the rest can."""
    theme: ThemeName = USUAL_THEME
    period: PricePeriod | None = None
    """What is on now in place of the usual prices, and until when."""
    coming: PricePeriod | None = None
    """What is on next, and from when on."""
    games_today: int | None = None
    """Credits that were played since midnight; None where nobody can tell."""
    folder: str | None = None
    """Where the operator's own pictures lie: a whole path."""

    @property
    def monitor(self) -> Monitor:
        """The monitor, as far as the technician told of it."""
        return Monitor(self.rotate, self.aspect, self.overscan_percent)


def parse_feed(raw: bytes, can_show: HasLetter = has_letter) -> Feed:
    """Read one feed; unknown fields are ignored. A name in letters that cannot be shown is the machine's id.

    Raises FeedError, naming the field, its value and what is expected there.
    """
    fields = _json_object(raw)
    if fields.get("format") != FORMAT or fields.get("format") is True:
        raise _wrong("format", fields.get("format"), f"{FORMAT}")
    machine_id = _matching(_MACHINE_ID, fields, "machine_id", "1-64 of A-Z a-z 0-9 _ -")
    technician, odd = _technician(fields)
    return Feed(
        written_at_s=_seconds(fields, "written_at_s"),
        state=_state(fields),
        machine_id=machine_id,
        machine_name=title_of(_typed(str, fields, "machine_name", "a name"), machine_id, can_show),
        qr=_address(fields),
        offers=_offers(fields),
        credits=_whole(fields, "credits", least=0),
        since_s=_seconds(fields, "since_s"),
        rotate=_rotation(fields),
        technician_line=_technician_line(fields),
        waiting=_whole(fields, "waiting", least=0) if "waiting" in fields else 0,
        notice=_notice(fields) if _state(fields) is State.SETUP else None,
        wish=Wish(_place(fields, "display"), _place(fields, "not_display")),
        shows=_shows(fields),
        sound=_flag(fields, "sound"),
        credited=_whole(fields, "credited", least=0) if "credited" in fields else 0,
        note=_price_note(fields, can_show),
        free=_flag(fields, "free"),
        aspect=_aspect(fields),
        overscan_percent=_overscan_percent(fields),
        languages=_languages(fields),
        words=_path(fields, "words"),
        technician=technician,
        odd=odd,
        theme=theme_named(_text_or(fields, "theme", USUAL_THEME)),
        period=_period(fields, "period", "until", can_show),
        coming=_period(fields, "next", "from", can_show),
        games_today=_games_today(fields),
        folder=_path(fields, "folder"),
    )


def fits_qr(address: str) -> bool:
    """Whether the screen can show an address as a code that a phone reads."""
    return len(address) <= MAX_QR_CHARS and _ADDRESS.fullmatch(address) is not None


def aspect_of(text: str) -> Aspect | None:
    """The sides' ratio that a text such as "4:3" says, or None if it says none."""
    match = _ASPECT.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def is_currency(text: str) -> bool:
    """Whether it is a currency's code, as Stripe and the feed write it."""
    return _CURRENCY.fullmatch(text) is not None


def is_wall_time(text: str) -> bool:
    """Whether it is what a clock on the wall shows, such as 17:00."""
    return _WALL_TIME.fullmatch(text) is not None


def _json_object(raw: bytes) -> Mapping[str, object]:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:  # ValueError: bad JSON and bad UTF-8 alike
        raise FeedError(f"the feed is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise FeedError(f"the feed is a JSON {type(fields).__name__}; an object is expected")
    return fields


def _wrong(field: str, value: object, expected: str) -> FeedError:
    return FeedError(f"the feed's {field} is {_short(value)}; expected {expected}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _typed(kind: type[_T], fields: Mapping[str, object], field: str, expected: str) -> _T:
    value = fields.get(field)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _wrong(field, value, expected)
    return value


def _seconds(fields: Mapping[str, object], field: str) -> float:
    value = fields.get(field)
    # The limit keeps float() from overflowing on a JSON integer of any length.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise _wrong(field, value, "seconds of CLOCK_BOOTTIME")
    return float(value)


def _whole(fields: Mapping[str, object], field: str, least: int, prefix: str = "") -> int:
    value = fields.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 10**9:
        raise _wrong(prefix + field, value, f"a whole number from {least} up")
    return value


def _matching(pattern: re.Pattern[str], fields: Mapping[str, object], field: str, expected: str) -> str:
    value = _typed(str, fields, field, expected)
    if not pattern.fullmatch(value):
        raise _wrong(field, value, expected)
    return value


def _state(fields: Mapping[str, object]) -> State:
    names = [state.value for state in State]
    value = fields.get("state")
    if value not in names:
        raise _wrong("state", value, f"one of {', '.join(names)}")
    return State(value)


def _address(fields: Mapping[str, object]) -> str | None:
    if fields.get("qr") is None:
        return None
    expected = f"null or an http(s) address of at most {MAX_QR_CHARS} characters"
    address = _typed(str, fields, "qr", expected)
    if not fits_qr(address):
        raise _wrong("qr", address, expected)
    return address


def _offers(fields: Mapping[str, object]) -> tuple[Offer, ...]:
    listed = fields.get("offers")
    if not isinstance(listed, list):
        raise _wrong("offers", listed, "a list")
    return tuple(_offer(item, f"offers[{index}].") for index, item in enumerate(listed))


def _offer(item: object, prefix: str) -> Offer:
    if not isinstance(item, dict):
        raise _wrong(prefix.rstrip("."), item, "an object with credits, amount and currency")
    currency = item.get("currency")
    if not isinstance(currency, str) or not is_currency(currency):
        raise _wrong(f"{prefix}currency", currency, "three small letters, such as 'usd'")
    return Offer(
        credits=_whole(item, "credits", least=1, prefix=prefix),
        amount=_whole(item, "amount", least=0, prefix=prefix),
        currency=currency,
    )


def _price_note(fields: Mapping[str, object], can_show: HasLetter) -> str:
    if fields.get("note") is None:
        return ""
    expected = f"null or at most {MAX_NOTE_CHARS} characters"
    note = _typed(str, fields, "note", expected)
    if len(note) > MAX_NOTE_CHARS:
        raise _wrong("note", note, expected)
    return drawable(note, can_show)


def _flag(fields: Mapping[str, object], field: str) -> bool:
    value = fields.get(field, False)
    if not isinstance(value, bool):
        raise _wrong(field, value, "true or false")
    return value


def _shows(fields: Mapping[str, object]) -> Shows:
    names = [shows.value for shows in Shows]
    value = fields.get("shows", Shows.ALL.value)
    if value not in names:
        raise _wrong("shows", value, f"one of {', '.join(names)}")
    return Shows(value)


def _place(fields: Mapping[str, object], field: str) -> str | None:
    if fields.get(field) is None:
        return None
    return _matching(PLACE, fields, field, "null, or a connector or card, as 'HDMI-A-2' or 'card1'")


def _rotation(fields: Mapping[str, object]) -> int:
    value = fields.get("rotate")
    if isinstance(value, bool) or not isinstance(value, int) or value not in ROTATIONS:
        raise _wrong("rotate", value, "0, 90, 180 or 270")
    return value


def _aspect(fields: Mapping[str, object]) -> Aspect | None:
    value = fields.get("aspect")
    aspect = aspect_of(value) if isinstance(value, str) else None
    if value is not None and aspect is None:
        raise _wrong("aspect", value, "null, or two numbers as '4:3'")
    return aspect


def _overscan_percent(fields: Mapping[str, object]) -> int:
    value = fields.get("overscan_percent", 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_OVERSCAN_PERCENT:
        raise _wrong("overscan_percent", value, f"a whole number from 0 to {MOST_OVERSCAN_PERCENT}")
    return value


def _languages(fields: Mapping[str, object]) -> tuple[str, ...]:
    """One that this version lacks is left out: a newer controller may know more."""
    listed = fields.get("languages")
    if listed is None:
        return (USUAL_LANGUAGE,)
    if not isinstance(listed, list) or not all(isinstance(code, str) for code in listed):
        raise _wrong("languages", listed, "null or a list of languages, such as ['en', 'es']")
    known = tuple(code for code in dict.fromkeys(listed) if code in LANGUAGES)
    return known[:MOST_LANGUAGES] or (USUAL_LANGUAGE,)


def _text_or(fields: Mapping[str, object], field: str, otherwise: str) -> str:
    return otherwise if fields.get(field) is None else _typed(str, fields, field, "text or null")


def _period(fields: Mapping[str, object], field: str, when: str, can_show: HasLetter) -> PricePeriod | None:
    """One whose name has no letter that can be shown is none."""
    if fields.get(field) is None:
        return None
    expected = f"null or an object with a name and {when} as 17:00"
    value = _typed(dict, fields, field, expected)
    name, at = value.get("name"), value.get(when)
    if not isinstance(name, str) or len(name) > MAX_NOTE_CHARS:
        raise _wrong(field, value, expected)
    if at is not None and not (isinstance(at, str) and is_wall_time(at)):
        raise _wrong(field, value, expected)
    shown = drawable(name, can_show)
    return PricePeriod(shown, at or "") if shown else None


def _games_today(fields: Mapping[str, object]) -> int | None:
    if fields.get("today") is None:
        return None
    return _whole(_typed(dict, fields, "today", "null or an object with games"), "games", 0, "today.")


def _path(fields: Mapping[str, object], field: str) -> str | None:
    value = fields.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable():
        raise _wrong(field, value, "null, or a whole path")
    if len(value) > MAX_FOLDER_CHARS:
        raise _wrong(field, value, f"a path of at most {MAX_FOLDER_CHARS} characters")
    return value


def _technician_line(fields: Mapping[str, object]) -> str | None:
    if fields.get("technician_line") is None:
        return None
    return drawable(_typed(str, fields, "technician_line", "text or null")) or None


def _technician(fields: Mapping[str, object]) -> tuple[Technician | None, str]:
    """The page, or why it cannot be shown: a player's picture is not given up for a technician's."""
    if fields.get("technician") is None:
        return None, ""
    try:
        return read_technician(fields["technician"]), ""
    except TechnicianError as error:
        return None, f"{error}: the usual picture is shown"


def _notice(fields: Mapping[str, object]) -> Notice:
    expected = "an object with a headline and a list of lines, all text"
    value = _typed(dict, fields, "notice", expected)
    headline, lines = value.get("headline"), value.get("lines")
    if not isinstance(headline, str) or not isinstance(lines, list):
        raise _wrong("notice", value, expected)
    if not all(isinstance(line, str) for line in lines):
        raise _wrong("notice", value, expected)
    return Notice(drawable(headline), tuple(filter(None, map(drawable, lines))))
