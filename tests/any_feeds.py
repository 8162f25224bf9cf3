"""Feeds of every kind, for properties: a controller's of today and of yesterday, damaged ones, mere bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from attract_screen.model.feed_format import MAX_NOTE_CHARS, MAX_QR_CHARS, State
from attract_screen.model.monitor import MOST_OVERSCAN_PERCENT, ROTATIONS, Aspect, Monitor, Size, frame_in
from attract_screen.model.themes import THEME_NAMES

LANGUAGES = [folder.name for folder in (Path(__file__).parents[1] / "attract_screen" / "locales").iterdir()]
WRITTEN_AT_S = 1000.0

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_hosts = st.lists(st.text(f"{_LETTERS}-", min_size=1, max_size=20), min_size=1, max_size=6).map(".".join)
_paths = st.text([chr(code) for code in range(33, 127)], max_size=MAX_QR_CHARS)
addresses = st.builds(
    lambda scheme, host, path: f"{scheme}://{host}/{path}"[:MAX_QR_CHARS],
    st.sampled_from(["https", "http"]),
    st.just("pay.example.com") | _hosts,
    st.just("p/galaga-01") | _paths,
)
_numbers = st.integers(0, 12) | st.integers(0, 10**9 - 1)
_offers = st.fixed_dictionaries({
    "credits": st.integers(1, 10) | st.integers(1, 10**9 - 1),
    "amount": st.integers(0, 1000) | st.integers(0, 10**9 - 1),
    "currency": st.sampled_from(["usd", "eur", "jpy", "chf", "kwd", "myr"]),
})  # fmt: skip
_period_names = st.just("Happy hour") | st.text(max_size=MAX_NOTE_CHARS)
_times = st.times().map(lambda time: f"{time:%H:%M}")
_needed = {
    "format": st.just(1),
    "written_at_s": st.just(WRITTEN_AT_S),
    "since_s": st.floats(0, WRITTEN_AT_S),
    "state": st.sampled_from([state.value for state in State]),
    "machine_id": st.just("galaga-01") | st.text(f"{_LETTERS}_-ABCXYZ", min_size=1, max_size=64),
    "machine_name": st.just("Galaga") | st.text(max_size=64),
    "qr": addresses,
    "offers": st.lists(_offers, max_size=6),
    "credits": _numbers,
    "rotate": st.sampled_from(ROTATIONS),
    "technician_line": st.none() | st.text(max_size=200),
    "notice": st.just({"headline": "Not set up", "lines": ["Put the card in.", "Switch it on."]}),
}
# What the controller of yesterday did not write, and one of tomorrow may.
_optional = {
    "waiting": _numbers,
    "note": st.none() | st.text(max_size=MAX_NOTE_CHARS),
    "free": st.booleans(),
    "aspect": st.sampled_from([None, "4:3", "16:9", "5:4"]),
    "overscan_percent": st.integers(0, MOST_OVERSCAN_PERCENT),
    "theme": st.sampled_from([*THEME_NAMES, "of tomorrow"]),
    "languages": st.lists(st.sampled_from([*LANGUAGES, "tlh"]), max_size=2),
    "today": st.none() | st.fixed_dictionaries({"games": _numbers}),
    "period": st.none() | st.fixed_dictionaries({"name": _period_names, "until": _times}),
    "next": st.none() | st.fixed_dictionaries({"name": _period_names, "from": _times}),
    "of_tomorrow": st.none() | st.integers() | st.lists(st.text()),
}
_MISTAKES: list[tuple[str, Any]] = [
    ("format", 2),
    ("format", None),
    ("state", "open"),
    ("state", None),
    ("written_at_s", "now"),
    ("machine_id", "galaga 01"),
    ("machine_name", None),
    ("qr", "javascript:alert(1)"),
    ("qr", "https://pay.example.com/" + "x" * MAX_QR_CHARS),
    ("qr", "https://pay.exаmple.com/p/galaga-01"),  # noqa: RUF001 - a Cyrillic letter, as a forger would
    ("qr", 7),
    ("offers", {}),
    ("offers", [{"credits": 0, "amount": 100, "currency": "usd"}]),
    ("credits", -1),
    ("rotate", 45),
    ("technician_line", []),
]


@dataclass(frozen=True)
class AgedFeed:
    """What the file holds, so many seconds after it was written."""

    raw: bytes
    age_s: float


def _as_json(fields: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps(fields | changes).encode()


def _cut(fields: dict[str, Any], share: float) -> bytes:
    raw = _as_json(fields)
    return raw[: int(len(raw) * share)]


# The promise, apart from the code: a payment would be credited in two states, if there is an address
# and the controller spoke within the last five seconds; nobody waits for a payment then.
_SELLING = ("attract", "playing")
_fields = st.fixed_dictionaries(_needed, optional=_optional)
_fresh_s = st.floats(-0.5, 5.0)
_stale_s = st.floats(5.001, 1e6) | st.floats(-1e6, -0.501)
_selling_fields = st.builds(
    lambda fields, state: fields | {"state": state}, _fields, st.sampled_from(_SELLING)
)


def selling(address: str) -> st.SearchStrategy[AgedFeed]:
    """While a payment at this address would be credited."""
    return st.builds(AgedFeed, _selling_fields.map(lambda fields: _as_json(fields, qr=address)), _fresh_s)


def _in_state(state: State) -> st.SearchStrategy[AgedFeed]:
    return st.builds(AgedFeed, _fields.map(lambda fields: _as_json(fields, state=state)), _fresh_s)


# Each but for its reason would be of a machine that sells.
NOT_SELLING = {
    "stale": st.builds(AgedFeed, _selling_fields.map(_as_json), _stale_s),
    "no address": st.builds(
        AgedFeed, _selling_fields.map(lambda fields: _as_json(fields, qr=None)), _fresh_s
    ),
    "cut short": st.builds(AgedFeed, st.builds(_cut, _selling_fields, st.floats(0, 0.999)), _fresh_s),
    "no feed": st.builds(AgedFeed, st.binary(max_size=200), _fresh_s),
    **{
        f"wrong {field}: {value!r:.20}": st.builds(
            AgedFeed, _selling_fields.map(partial(_as_json, **{field: value})), _fresh_s
        )
        for field, value in _MISTAKES
    },
    **{state.value: _in_state(state) for state in State if state.value not in _SELLING},
}

_sides = st.integers(320, 800), st.integers(240, 600)
displays = st.one_of(
    st.tuples(*_sides),
    st.tuples(*reversed(_sides)),
    st.sampled_from([(320, 240), (240, 320), (640, 480), (720, 240), (1920, 240), (1920, 224), (720, 576)]),
    st.sampled_from([(1024, 768), (1280, 720), (1920, 1080), (1080, 1920), (2048, 240), (3840, 240)]),
)


def glass_of(display: Size, monitor: Monitor) -> Aspect:
    """The sides of the glass, as long as a camera sees them: two of its pixels for one of the picture."""
    frame = frame_in(display, monitor)
    across, down = frame.stretch
    wide = 1 / frame.pixel_aspect if monitor.rotate % 180 else frame.pixel_aspect
    return round(display[0] / across * wide * 2), round(display[1] / down * 2)
