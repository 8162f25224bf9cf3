"""What a receipt must say, and what is charged for it: each refusal by its text, each limit by its figure."""

from __future__ import annotations

import pytest

from cloud_relay.rules.charges import least_charge, share_of
from cloud_relay.rules.receipts import BadReceipt, is_payment_id, read_payment_id, read_receipt
from cloud_relay.rules.settlement import Payment

AN_ID = "write a PaymentIntent id such as pi_3Abc"
AN_OUTCOME = "write one of ['delivered', 'undelivered', 'partial']"
OUT_OF_BOUNDS = "is none of 0 to 100: a payment buys no more"
A_NUMBER = "write a whole number of credits"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"paymentId": "ch_1"}, f"paymentId is 'ch_1': {AN_ID}"),
        ({"paymentId": "pi_"}, f"paymentId is 'pi_': {AN_ID}"),
        ({"paymentId": "pi_1/cancel"}, f"paymentId is 'pi_1/cancel': {AN_ID}"),
        ({"paymentId": "pi_é"}, f"paymentId is 'pi_é': {AN_ID}"),
        ({"paymentId": None}, f"paymentId is None: {AN_ID}"),
        ({"outcome": "lost"}, f"outcome is 'lost': {AN_OUTCOME}"),
        ({"outcome": ["delivered"]}, f"outcome is ['delivered']: {AN_OUTCOME}"),
        ({"creditsDelivered": None}, f"creditsDelivered is None: {A_NUMBER}"),
        ({"creditsDelivered": "3"}, f"creditsDelivered is '3': {A_NUMBER}"),
        ({"creditsDelivered": True, "creditsPaid": 1}, f"creditsDelivered is True: {A_NUMBER}"),
        ({"creditsDelivered": 3.0}, f"creditsDelivered is 3.0: {A_NUMBER}"),
        ({"creditsPaid": "3"}, f"creditsPaid is '3': {A_NUMBER}"),
        ({"creditsPaid": None}, f"creditsPaid is None: {A_NUMBER}"),
        ({"creditsDelivered": 2}, "delivered contradicts creditsDelivered 2 of 3"),
        ({"creditsDelivered": 4, "outcome": "partial"}, "partial contradicts creditsDelivered 4 of 3"),
        ({"creditsDelivered": -1, "outcome": "partial"}, f"creditsDelivered {OUT_OF_BOUNDS}"),
        ({"creditsDelivered": 10**5000, "outcome": "partial"}, f"creditsDelivered {OUT_OF_BOUNDS}"),
        ({"creditsPaid": 101}, f"creditsPaid {OUT_OF_BOUNDS}"),
        ({"outcome": "undelivered"}, "undelivered contradicts creditsDelivered 3 of 3"),
        *[
            (
                {"outcome": outcome, "creditsPaid": 0, "creditsDelivered": 0},
                f"{outcome} contradicts creditsDelivered 0 of 0",
            )
            for outcome in ("delivered", "undelivered", "partial")
        ],
    ],
)
def test_a_receipt_that_contradicts_itself_is_refused(change: dict[str, object], why: str) -> None:
    """It would move money by mistake; the text names what is wrong with it."""
    good = {"paymentId": "pi_1", "outcome": "delivered", "creditsDelivered": 3, "creditsPaid": 3}
    assert read_receipt(good).words == "delivered 3"
    with pytest.raises(BadReceipt) as refused:
        read_receipt(good | change)
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("outcome", "delivered", "paid"),
    [
        ("delivered", 1, 1),
        ("delivered", 100, 100),
        ("undelivered", 0, 1),
        ("undelivered", 0, 3),
        ("partial", 0, 1),
        ("partial", 1, 1),
        ("partial", 0, 3),
        ("partial", 3, 3),
    ],
)
def test_the_least_and_the_most_that_a_receipt_may_say(outcome: str, delivered: int, paid: int) -> None:
    """A cabinet that counts whole credits of a cut train says partial, whatever is left of it."""
    said = {"paymentId": "pi_1", "outcome": outcome, "creditsDelivered": delivered, "creditsPaid": paid}
    receipt = read_receipt(said)
    assert (receipt.words, receipt.credits_paid) == (f"{outcome} {delivered}", paid)


def test_a_receipt_is_held_to_the_order_where_that_is_known() -> None:
    """Or "delivered 1 of 1" of a payment for three would charge it whole."""
    said = {"paymentId": "pi_1", "outcome": "delivered", "creditsDelivered": 1, "creditsPaid": 1}
    assert read_receipt(said, 1, order_is_known=True).credits_paid == 1
    assert read_receipt(said, 3).credits_paid == 1
    with pytest.raises(BadReceipt) as refused:
        read_receipt(said, 3, order_is_known=True)
    assert str(refused.value) == "creditsPaid is 1, and 3 credits were ordered"


@pytest.mark.parametrize("said", [None, [], "pi_1", 7])
def test_what_is_no_object_is_no_receipt(said: object) -> None:
    """Nor does it raise anything else."""
    with pytest.raises(BadReceipt) as no_receipt:
        read_receipt(said)
    with pytest.raises(BadReceipt) as no_id:
        read_payment_id(said)
    assert str(no_receipt.value) == f"outcome is None: {AN_OUTCOME}"
    assert str(no_id.value) == f"paymentId is None: {AN_ID}"


@pytest.mark.parametrize(
    ("text", "can_be_one"),
    [
        ("pi_1", True),
        ("pi_3Abc_x", True),
        ("pi_", False),
        ("pi__", False),
        ("pi-1", False),
        ("pi_1 ", False),
    ],
)
def test_a_payment_intents_id_is_pi_and_letters_and_figures(text: str, can_be_one: bool) -> None:
    """Stripe's test ids have a second underscore."""
    assert is_payment_id(text) is can_be_one


@pytest.mark.parametrize(
    ("amount", "delivered", "paid", "currency", "share"),
    [
        (150, 1, 3, "usd", 50),
        (149, 1, 3, "usd", 0),
        (90, 1, 3, "gbp", 30),
        (87, 1, 3, "gbp", 0),
        (1250, 1, 3, "kwd", 410),
        (1000, 1, 3, "ugx", 300),
        (99_999_999, 2, 3, "usd", 66_666_666),
        (10**12 - 1, 99, 100, "usd", 989_999_999_999),
    ],
)
def test_a_share_is_a_whole_number_at_the_least_charge_of_its_currency_or_none(
    amount: int, delivered: int, paid: int, currency: str, share: int
) -> None:
    """Money is never a float, however much of it there is."""
    charged = share_of(amount, delivered, paid, currency)
    assert (charged, type(charged)) == (share, int)


def test_the_least_charge_is_that_of_the_currency_or_fifty() -> None:
    """In minor units: 0.30 GBP, 175 HUF, 0.50 USD."""
    assert [least_charge(currency) for currency in ("gbp", "huf", "usd")] == [30, 17_500, 50]


@pytest.mark.parametrize(
    ("status", "immediate", "refunded", "settled", "is_open"),
    [
        ("requires_capture", False, 0, None, True),
        ("succeeded", False, 0, None, False),
        ("canceled", False, 0, None, False),
        ("succeeded", True, 0, None, True),
        ("succeeded", True, 249, None, True),
        ("succeeded", True, 250, None, False),
        ("succeeded", True, 0, "delivered 3", False),
        ("processing", True, 0, None, False),
    ],
)
def test_a_payment_is_open_until_somebody_has_settled_it(
    status: str, immediate: bool, refunded: int, settled: str | None, is_open: bool
) -> None:
    """One that was charged at once is, while something of it is left and no receipt has marked it."""
    payment = Payment("pi_1", status, 250, "usd", 250, refunded, immediate, settled)
    assert payment.is_open is is_open
