from __future__ import annotations

from dataclasses import replace

import pytest
from attract_screen_samples import ADDRESS, FEED
from hypothesis import given
from hypothesis import strategies as st

from attract_screen.model.feed_format import Feed, Offer, PricePeriod, State
from attract_screen.model.view import PriceRow, View, out_of_order, starting, view_of
from attract_screen.model.wording import in_turn

offers = st.builds(
    Offer,
    credits=st.integers(1, 100),
    amount=st.integers(0, 10**6),
    currency=st.sampled_from(["usd", "eur", "jpy", "chf"]),
)
feeds = st.builds(
    replace,
    st.just(FEED),
    state=st.sampled_from(State),
    qr=st.none() | st.just(ADDRESS),
    offers=st.lists(offers, max_size=6).map(tuple),
    credits=st.integers(0, 100),
    technician_line=st.none() | st.text(max_size=20),
)


def test_the_attract_picture_invites_prices_and_explains() -> None:
    """A machine that takes payments shows its address, its prices and three steps."""
    assert view_of(FEED, 0.0) == View(
        state=State.ATTRACT,
        title="Galaga",
        headline="SCAN TO PLAY",
        prices=(PriceRow("1 CREDIT", "$1.00"), PriceRow("3 CREDITS", "$2.50")),
        steps=("Scan the code", "Pay by phone", "Press START"),
        qr=ADDRESS,
        host="pay.example.com",
        machine_id="galaga-01",
    )


@pytest.mark.parametrize(
    ("state", "credits", "headline", "text"),
    [
        (State.STARTING, 0, "STARTING UP", "Ready in a moment."),
        (State.PAYING, 1, "PAYMENT RECEIVED", "1 credit on its way."),
        (State.PAYING, 3, "PAYMENT RECEIVED", "3 credits on their way."),
        (State.PAYING, 0, "PAYMENT RECEIVED", "Your credits on their way."),
        (State.PLAYING, 3, "3 CREDITS", "Press START. Good luck!"),
        (State.PLAYING, 0, "GAME ON", "Good luck!"),
        (State.NOT_READY, 0, "ONE MOMENT", "The machine is not taking credits just now."),
        (State.OFFLINE, 0, "COINS ONLY", "Paying by phone will be back soon."),
        (State.OUT_OF_ORDER, 0, "OUT OF ORDER", "Sorry! Please try another machine."),
    ],
)
def test_each_state_says_what_happens(state: State, credits: int, headline: str, text: str) -> None:
    """Every state has its own words, and the technician's line is passed on."""
    feed = replace(FEED, state=state, credits=credits, qr=None, technician_line="relay: 503")
    assert view_of(feed, 0.0) == View(
        state=state,
        title="Galaga",
        headline=headline,
        text=text,
        technician_line="relay: 503",
    )


def test_prices_of_a_period_say_why_and_until_when() -> None:
    """Only where they stand: a screen without a code has no prices either."""
    happy = replace(FEED, note="Happy hour until 18:00")
    assert view_of(happy, 0.0) == replace(view_of(FEED, 0.0), text="Happy hour until 18:00")
    assert view_of(replace(happy, qr=None), 0.0) == view_of(replace(FEED, qr=None), 0.0)
    playing = replace(FEED, state=State.PLAYING)
    assert view_of(replace(playing, note=happy.note), 0.0) == view_of(playing, 0.0)


def test_a_period_ends_by_the_language_s_own_clock() -> None:
    """What an older relay says stays as it is, in English."""
    happy = replace(FEED, note="Happy hour until 18:00", period=PricePeriod("Happy hour", "18:00"))
    assert view_of(happy, 0.0).text == "Happy hour until 6:00\xa0PM"
    assert view_of(replace(happy, period=PricePeriod("Gala")), 0.0).text == "Gala"
    assert view_of(replace(happy, period=None), 0.0).text == "Happy hour until 18:00"


def test_languages_take_turns() -> None:
    """Each for eight seconds; the others are known meanwhile."""
    assert [in_turn(("en", "es"), elapsed_s) for elapsed_s in (0.0, 7.9, 8.0, 16.0)] == [
        ("en", "es"),
        ("en", "es"),
        ("es", "en"),
        ("en", "es"),
    ]
    assert in_turn(("ja",), 99.0) == ("ja",)


def test_what_is_free_is_called_free() -> None:
    """Nobody is asked to pay where nothing is sold."""
    free = view_of(replace(FEED, offers=(Offer(2, 0, "usd"),)), 0.0)
    assert free.prices == (PriceRow("2 CREDITS", "FREE"),)
    assert free.steps == ("Scan the code", "Take a free credit", "Press START")
    given = view_of(replace(FEED, state=State.PAYING, free=True, credits=2, since_s=900.0), 0.0)
    assert (given.headline, given.text) == ("FREE CREDIT", "2 credits on their way.")


def test_without_an_address_the_attract_picture_asks_for_coins() -> None:
    """Prices and steps for the phone go away together with the QR."""
    assert view_of(replace(FEED, qr=None), 0.0) == View(
        state=State.ATTRACT,
        title="Galaga",
        headline="INSERT COIN",
        text="Paying by phone will be back soon.",
    )


def test_a_slow_payment_is_explained() -> None:
    """Whoever waits for more than 20 s is told that only delivered credits cost money."""
    feed = replace(FEED, state=State.PAYING, since_s=FEED.written_at_s - 18)
    assert [view_of(feed, age_s).text for age_s in (1.9, 2.0)] == [
        "3 credits on their way.",
        "3 credits on their way. This takes longer than usual. You pay only for credits that arrive.",
    ]


@given(feed=feeds, age_s=st.floats(-10, 20))
def test_the_qr_is_shown_only_while_a_payment_would_be_credited(feed: Feed, age_s: float) -> None:
    """The QR is there exactly if there is an address, the feed is fresh and nobody waits."""
    fresh = -0.5 <= age_s <= 5
    shown = feed.qr if fresh and feed.state in (State.ATTRACT, State.PLAYING) else None
    assert view_of(feed, age_s).qr == shown


@pytest.mark.parametrize("age_s", [5.01, 3600.0, -0.6])
def test_a_stale_feed_is_out_of_order(age_s: float) -> None:
    """An old feed, or one from before the last boot, says nothing about the cabinet now."""
    line = "screen: no news from the controller for more than 5 s"
    assert view_of(FEED, age_s) == out_of_order(line, FEED)


def test_a_screen_without_any_feed_has_a_name_all_the_same() -> None:
    """Before the first feed the screen knows no machine, and says so in general words."""
    assert (starting().title, out_of_order("why").title) == ("ARCADE", "ARCADE")


def test_more_offers_than_rows_end_in_more() -> None:
    """Five offers fill four rows, the last of which points to the phone's page."""
    feed = replace(FEED, offers=tuple(Offer(n, 100 * n, "usd") for n in range(1, 6)))
    assert view_of(feed, 0.0).prices == (
        PriceRow("1 CREDIT", "$1.00"),
        PriceRow("2 CREDITS", "$2.00"),
        PriceRow("3 CREDITS", "$3.00"),
        PriceRow("AND MORE", ""),
    )


def test_only_pictures_that_somebody_watches_move() -> None:
    """Movement invites and comforts; all other pictures are still and cost no CPU."""
    moving = {state for state in State if view_of(replace(FEED, state=state), 0.0).moving}
    assert moving == {State.STARTING, State.ATTRACT, State.PAYING}


@pytest.mark.parametrize(
    ("waiting", "text"),
    [
        (1, "1 credit waiting: it follows when a game ends."),
        (2, "2 credits waiting: they follow when a game ends."),
    ],
)
def test_credits_that_the_board_cannot_hold_yet_are_said_to_wait(waiting: int, text: str) -> None:
    """A player who paid for them must not think that they are lost."""
    view = view_of(replace(FEED, state=State.PLAYING, credits=9, waiting=waiting), 0.0)

    assert (view.headline, view.text) == ("9 CREDITS", text)
