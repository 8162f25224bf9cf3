from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import stripe
from stand_in_stripe_help import API_KEY, Desk, client_of, desk

from simulator.stripe.model.reads import ration, reads_in_words
from simulator.stripe.pace import STRIPES_PACE, Pace, quick_retries

DAY_S = 24 * 3600


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


def test_a_page_of_a_list_takes_its_time() -> None:
    """Each page anew, and nothing else does."""
    with desk(pace=Pace(quick_retries(), list_page_s=0.3)) as at_work:
        made = [at_work.reserved() for _ in range(3)]
        began_s = time.monotonic()
        at_work.intent(made[0])
        retrieved_s = time.monotonic() - began_s
        listed = at_work.client.v1.payment_intents.list({"limit": 1})
        assert [each.id for each in listed.auto_paging_iter()] == made[::-1]
        listed_s = time.monotonic() - began_s - retrieved_s
    assert retrieved_s < 0.3
    assert listed_s >= 3 * 0.3


def test_stripes_own_pace_is_the_default() -> None:
    """About a second a page, and a search that lags a minute."""
    assert (STRIPES_PACE.list_page_s, STRIPES_PACE.search_lag_s) == (1.0, 60)
    assert Pace() == STRIPES_PACE


def test_a_waiting_page_does_not_outlast_the_stand_in() -> None:
    """Whoever stops it need not wait for its lists."""
    began_s = time.monotonic()
    with desk(pace=Pace(quick_retries(), list_page_s=30)) as at_work:
        impatient = stripe.StripeClient(
            API_KEY,
            base_addresses={"api": at_work.stand_in.api_url},
            http_client=stripe.RequestsClient(timeout=(1, 0.2)),
            max_network_retries=0,
        )
        with pytest.raises(stripe.APIConnectionError):
            impatient.v1.payment_intents.list()
    assert time.monotonic() - began_s < 4  # the server itself waits 5 s for its threads


def test_reads_are_counted_by_kind_and_resource(at_work: Desk) -> None:
    """Pages, searches and single objects; what changes something is no read, and what fails is one."""
    intent_id = at_work.reserved()
    v1 = at_work.client.v1
    v1.payment_intents.capture(intent_id)
    v1.payment_intents.list()
    v1.checkout.sessions.list({"payment_intent": intent_id})
    v1.payment_intents.search({"query": "status:'canceled'"})
    v1.payment_intents.retrieve(intent_id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.retrieve("pi_no")
    v1.accounts.retrieve_current()
    assert at_work.stand_in.reads.counts == {
        ("list", "payment_intents"): 1,
        ("list", "checkout/sessions"): 1,
        ("search", "payment_intents"): 1,
        ("retrieve", "payment_intents"): 2,
        ("retrieve", "account"): 1,
    }
    assert at_work.stand_in.reads.total == 6
    assert at_work.stand_in.reads_in_words() == (
        "6 reads of Stripe: 2 listed (checkout/sessions 1, payment_intents 1), "
        "1 searched (payment_intents 1), 3 retrieved (account 1, payment_intents 2); "
        "the account may read 10,000 times in 30 days"
    )


def test_the_ration_grows_with_the_transactions() -> None:
    """500 reads for each, and never less than 10,000 in 30 days."""
    assert [ration(number) for number in (0, 20, 21, 1000)] == [10_000, 10_000, 10_500, 500_000]
    assert reads_in_words({}) == "0 reads of Stripe"


def test_a_lock_is_told_and_may_be_tried_again(at_work: Desk) -> None:
    """429 with `lock_timeout`, in Stripe's words; Stripe's library then asks again by itself."""
    intent_id = at_work.reserved()
    at_work.stand_in.fail_next(status="lock_timeout", path_prefix="/v1/payment_intents/", method="POST")
    with pytest.raises(stripe.RateLimitError, match="another API request or Stripe process") as refused:
        at_work.client.v1.payment_intents.capture(intent_id)
    assert (refused.value.http_status, refused.value.error.code) == (429, "lock_timeout")
    at_work.stand_in.fail_next(status="lock_timeout", path_prefix="/v1/payment_intents/", method="POST")
    patient = client_of(at_work.stand_in, retries=2)
    assert patient.v1.payment_intents.capture(intent_id).status == "succeeded"


def test_a_past_of_many_payments_is_listed_as_one_that_was_lived(at_work: Desk) -> None:
    """The last of eight days, in pages of 100, each once and newest first."""
    made = at_work.stand_in.seed_payments(8_001, over_s=8 * DAY_S, metadata={"machine_id": "m"})
    listed = at_work.client.v1.payment_intents.list(
        {"limit": 100, "created": {"gte": at_work.clock.now_s - DAY_S}, "expand": ["data.latest_charge"]}
    )
    recent = [(each.id, each.latest_charge.payment_intent) for each in listed.auto_paging_iter()]
    assert recent == [(each, each) for each in reversed(made[-1001:])]


@pytest.mark.parametrize(
    ("status", "money", "ends_as"),
    [
        ("succeeded", {"reserved": 0, "charged": 500, "released": 0, "refunded": 0}, "succeeded"),
        ("canceled", {"reserved": 0, "charged": 0, "released": 500, "refunded": 0}, "canceled"),
        ("requires_capture", {"reserved": 500, "charged": 0, "released": 0, "refunded": 0}, "canceled"),
    ],
)
def test_a_seeded_payment_lives_on(at_work: Desk, status: str, money: dict[str, int], ends_as: str) -> None:
    """Its money is where its status says, and what is reserved lapses in time."""
    made = at_work.stand_in.seed_payments(5, over_s=3600, metadata={"machine_id": "m"}, status=status)
    assert at_work.stand_in.money() == money
    at_work.clock.now_s += 7 * DAY_S
    assert {at_work.intent(each).status for each in made} == {ends_as}
