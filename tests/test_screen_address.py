"""Whose address a code holds, as it is written beneath it."""

from __future__ import annotations

import json

import pytest
from attract_screen_samples import FIELDS, SIZES, a_view
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.address import host_of, shortened_host, shortened_id
from attract_screen.model.feed_format import State, parse_feed
from attract_screen.model.monitor import Size
from attract_screen.model.view import view_of
from attract_screen.picture.design.studio import Studio
from attract_screen.picture.scenes.scenes import arrange

HOST_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-."


@pytest.fixture(scope="module")
def studio() -> Studio:
    """The fonts and the art, opened once."""
    return Studio()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://pay.example.com/p/galaga-01", "pay.example.com"),
        ("https://PAY.example.com", "pay.example.com"),
        ("http://192.168.1.5:8800/p/x", "192.168.1.5"),
        ("http://[fe80::1]:8800/p/x", "[fe80::1]"),
        ("https://xn--bcher-kva.example/p/x", "xn--bcher-kva.example"),
        ("https://pay.example.com@evil.example/p/x", "evil.example"),
        ("https://a:b@pay.example.com:443@evil.example:443/p/x", "evil.example"),
        (r"https://evil.example\@pay.example.com/p/x", "evil.example"),
        ("https:///evil.example/pay.example.com", "evil.example"),
        ("https://evil.example?pay.example.com/p/x", "evil.example"),
        ("https://evil.example#@pay.example.com", "evil.example"),
        ("https:///", ""),
    ],
)
def test_the_host_is_the_one_that_a_phone_asks(address: str, host: str) -> None:
    """However the address was dressed up to look like another's."""
    assert host_of(address) == host


def test_letters_that_look_like_others_are_shown_as_they_travel() -> None:
    """A feed's address is ASCII: a Cyrillic a in it would be refused, and comes as xn--."""
    view = view_of(parse_feed(json.dumps({**FIELDS, "qr": "https://xn--py-7kc.example/p/x"}).encode()), 0.0)
    assert view.host == "xn--py-7kc.example"


def test_a_host_is_shortened_in_its_middle() -> None:
    """Whose it is stays the longest: the last labels, and of those the end."""
    assert list(shortened_host("west.pay.example.com")) == [
        "west.pay.example.com",
        "west…pay.example.com",
        "wes…pay.example.com",
        "we…pay.example.com",
        "w…pay.example.com",
        *("…" + "pay.example.com"[start:] for start in range(15)),
    ]
    assert list(shortened_id("galaga-01"))[:5] == ["galaga-01", "gal…ga-01", "ga…ga-01", "g…ga-01", "…ga-01"]


@given(host=st.text(HOST_LETTERS, min_size=1, max_size=80))
def test_a_shortened_host_ends_as_the_host_does(host: str) -> None:
    """Each form is shorter than the one before, down to one letter, and says that it is not all."""
    whole, *forms = shortened_host(host)
    assert (whole, [form for form in forms if not host.endswith(form.partition("…")[2])]) == (host, [])
    assert all("…" in form for form in forms)
    lengths = [len(form) for form in forms]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("state", [State.ATTRACT, State.PLAYING])
@pytest.mark.parametrize("size", [*SIZES, (240, 320), (256, 192), (192, 256), (341, 240), (1280, 400)])
def test_whose_code_it_is_stands_beneath_it(size: Size, state: State, studio: Studio) -> None:
    """The host first and then the machine, in letters that can be read: a sticker leads to another host."""
    layout = arrange(a_view(state), size, studio)
    assert layout.qr is not None
    beneath = [label for label in layout.labels if label.text in ("pay.example.com", "galaga-01")]
    assert [label.text for label in beneath] == ["pay.example.com", "galaga-01"]
    card = layout.qr.card
    assert all(card.bottom < label.box.y < card.bottom + size[1] // 6 for label in beneath)
    assert min(label.box.h for label in beneath) >= max(12, min(size) // 30)


@pytest.mark.parametrize("state", [State.ATTRACT, State.PLAYING])
@pytest.mark.parametrize("size", [(320, 240), (240, 320), (256, 192), (640, 480), (1080, 1920)])
def test_a_long_host_shows_whose_it_is(size: Size, state: State, studio: Studio) -> None:
    """What is left out is the middle."""
    host = "payments.of.all.the.cabinets." * 4 + "example.co.uk"
    view = a_view(state, qr=f"https://{host}/p/galaga-01", machine_id="galaga-" + "0123456789" * 5)
    texts = " ".join(label.text for label in arrange(view, size, studio).labels)
    assert ("example.co.uk" in texts, "89" in texts) == (True, True)


@pytest.mark.parametrize("state", [s for s in State if s not in (State.ATTRACT, State.PLAYING)])
def test_without_a_code_there_is_nobody_to_name(state: State) -> None:
    """The host belongs to the code, and goes away with it."""
    view = a_view(state)
    assert (view.qr, view.host, view.machine_id) == (None, "", "")
