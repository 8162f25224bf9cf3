from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import requests
import stripe
from stand_in_stripe_help import API_KEY, SECRET, Clock, client_of, offer, session_params

from simulator.stripe.pace import QUICK
from simulator.stripe.server import StandInStripe, stand_in_stripe

DAY_S = 24 * 3600


@pytest.fixture
def clock() -> Clock:
    """The stand-in's clock, which stands still."""
    return Clock()


@pytest.fixture
def stand_in(clock: Clock) -> Iterator[StandInStripe]:
    """A stand-in without a webhook endpoint."""
    with stand_in_stripe(
        api_key=API_KEY, webhook_url=None, webhook_secret=SECRET, pace=QUICK, clock=clock
    ) as running:
        yield running


@pytest.fixture
def client(stand_in: StandInStripe) -> stripe.StripeClient:
    """Stripe's own client, talking to it."""
    return client_of(stand_in)


def reserve(stand_in: StandInStripe, client: stripe.StripeClient, **more: object) -> str:
    """A payment of 2.50 USD, reserved and not yet captured."""
    return stand_in.pay(client.v1.checkout.sessions.create(session_params(**more)).id)


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"payment_method_types": ["card"]}, "payment_method_types", "parameter_unknown"),
        ({"line_items": [{"price": "x", "qty": 1}]}, "line_items[0][qty]", "parameter_unknown"),
        ({"line_items": [{"price": "x"}]}, "line_items[0][quantity]", "parameter_missing"),
        ({"line_items": [offer(quantity=0)]}, "line_items[0][quantity]", "parameter_invalid_integer"),
        ({"line_items": [{"price": "price_no", "quantity": 1}]}, "line_items[0][price]", "resource_missing"),
        ({"line_items": [offer(currency="xxx")]}, "currency", None),
        ({"line_items": [offer(), offer(currency="eur")]}, "line_items", None),
        ({"mode": "lottery"}, "mode", None),
        ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
        ({"success_url": ""}, "success_url", "parameter_invalid_empty"),
        ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", None),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
        ({"adaptive_pricing": {"enabled": "no"}}, "adaptive_pricing[enabled]", None),
        ({"adaptive_pricing": "off"}, "adaptive_pricing", "parameter_invalid_hash"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    client: stripe.StripeClient, change: dict[str, object], param: str, code: str | None
) -> None:
    """Nothing that Stripe would refuse passes here."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(session_params(**change))
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)


@pytest.mark.parametrize("missing", ["mode", "line_items", "success_url"])
def test_a_missing_parameter_is_named(client: stripe.StripeClient, missing: str) -> None:
    """A session needs its mode, lines and where to go afterwards."""
    params = session_params()
    del params[missing]
    with pytest.raises(stripe.InvalidRequestError, match=f"Missing required param: {missing}") as refused:
        client.v1.checkout.sessions.create(params)
    assert (refused.value.param, refused.value.code) == (missing, "parameter_missing")


@pytest.mark.parametrize(
    ("ask", "param"),
    [
        (lambda v1: v1.payment_intents.retrieve("pi_no"), "intent"),
        (lambda v1: v1.payment_intents.capture("pi_no"), "intent"),
        (lambda v1: v1.checkout.sessions.retrieve("cs_no"), "session"),
        (lambda v1: v1.payment_links.retrieve("plink_no"), "payment_link"),
        (lambda v1: v1.prices.retrieve("price_no"), "price"),
        (lambda v1: v1.refunds.create({"payment_intent": "pi_no"}), "payment_intent"),
        (lambda v1: v1.events.retrieve("evt_no"), "id"),
    ],
)
def test_an_unknown_id_is_missing(
    client: stripe.StripeClient, ask: Callable[[stripe.V1Services], object], param: str
) -> None:
    """404, with the parameter that names nothing."""
    with pytest.raises(stripe.InvalidRequestError, match="No such") as refused:
        ask(client.v1)
    error = refused.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", param)


def test_a_wrong_key_is_refused(stand_in: StandInStripe) -> None:
    """With 401, and no more of the key than its end."""
    with pytest.raises(stripe.AuthenticationError, match=r"\*\*\*\*rong") as refused:
        client_of(stand_in, "sk_test_wrong").v1.payment_intents.list()
    assert "sk_test_wrong" not in str(refused.value)


def test_the_key_may_come_as_a_user_name(stand_in: StandInStripe) -> None:
    """As `curl -u` sends it."""
    answer = requests.get(f"{stand_in.api_url}/v1/payment_intents", auth=(API_KEY, ""), timeout=60)
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_without_a_key_nothing_is_answered(stand_in: StandInStripe) -> None:
    """401, with a request id all the same."""
    answer = requests.get(f"{stand_in.api_url}/v1/payment_intents", timeout=60)
    assert (answer.status_code, answer.headers["Request-Id"][:4]) == (401, "req_")


def test_an_unknown_path_is_said_to_be_unknown(stand_in: StandInStripe) -> None:
    """As an error object that Stripe's library understands."""
    answer = requests.post(f"{stand_in.api_url}/v1/customers", auth=(API_KEY, ""), timeout=60)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Unrecognized request URL (POST: /v1/customers)."


def test_the_same_key_gets_the_first_answer(client: stripe.StripeClient) -> None:
    """One session, given twice; the second answer says that it is a replay."""
    first, second = (
        client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"}) for _ in range(2)
    )
    assert (second.id, second.last_response.headers["Idempotent-Replayed"]) == (first.id, "true")
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_a_replay_names_the_request_that_it_repeats(client: stripe.StripeClient) -> None:
    """Both answers carry the key; only the second says whose answer it is."""
    first, second = (
        client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"}).last_response.headers
        for _ in range(2)
    )
    assert (first["Idempotency-Key"], second["Idempotency-Key"]) == ("k", "k")
    assert "Original-Request" not in first
    assert second["Original-Request"] == first["Request-Id"] != second["Request-Id"]


def test_a_refusal_is_replayed_too(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """A request that was begun is answered once, though it could succeed by now."""
    intent_id = reserve(stand_in, client)
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError, match="is not captured"):
        client.v1.refunds.create({"payment_intent": intent_id}, options)
    stand_in.capture(intent_id)
    with pytest.raises(stripe.InvalidRequestError, match="is not captured") as refused:
        client.v1.refunds.create({"payment_intent": intent_id}, options)
    assert refused.value.headers["Idempotent-Replayed"] == "true"
    assert client.v1.refunds.create({"payment_intent": intent_id}, {"idempotency_key": "l"}).amount == 250


def test_a_key_has_a_longest_length(client: stripe.StripeClient) -> None:
    """Of 255 characters."""
    client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k" * 255})
    with pytest.raises(stripe.IdempotencyError, match="at most 255 characters long: yours has 256"):
        client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k" * 256})


def test_a_key_does_not_fit_another_request(client: stripe.StripeClient) -> None:
    """Other parameters under the same key are an idempotency error."""
    client.v1.checkout.sessions.create(session_params(250), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        client.v1.checkout.sessions.create(session_params(300), {"idempotency_key": "k"})
    assert refused.value.http_status == 400


def test_a_key_does_not_fit_another_endpoint(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Nor another payment."""
    one, other = reserve(stand_in, client), reserve(stand_in, client)
    client.v1.payment_intents.capture(one, {}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.payment_intents.capture(other, {}, {"idempotency_key": "k"})


def test_a_500_is_replayed(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The trap: the same key never captures, another one does."""
    intent_id = reserve(stand_in, client)
    stand_in.fail_next(path_prefix="/v1/payment_intents/")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            client.v1.payment_intents.capture(intent_id, {}, {"idempotency_key": "k"})
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    assert client.v1.payment_intents.retrieve(intent_id).status == "requires_capture"
    assert client.v1.payment_intents.capture(intent_id, {}, {"idempotency_key": "l"}).status == "succeeded"


def test_a_500_can_come_after_the_work(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The money is taken, and only the PaymentIntent tells so: the key brings the 500 back."""
    intent_id = reserve(stand_in, client)
    stand_in.fail_next(after_work=True)
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="error on Stripe's side"):
            client.v1.payment_intents.capture(intent_id, {}, {"idempotency_key": "k"})
    assert client.v1.payment_intents.retrieve(intent_id).status == "succeeded"


def test_a_refused_parameter_does_not_use_up_the_key(client: stripe.StripeClient) -> None:
    """A request that never began is not kept."""
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(session_params(mode="lottery"), {"idempotency_key": "k"})
    session = client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})
    assert session.status == "open"


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, clock: Clock) -> None:
    """Then the same request is done again."""
    first = client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})
    clock.now_s += DAY_S + 1
    assert client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"}).id != first.id


def test_an_answer_lost_after_the_work_was_done(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The caller sees a cut connection, the money is taken; the same key then tells so."""
    intent_id = reserve(stand_in, client)
    stand_in.fail_next(status="timeout", after_work=True)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.capture(intent_id, {}, {"idempotency_key": "k"})
    assert stand_in.money()["charged"] == 250
    assert client.v1.payment_intents.capture(intent_id, {}, {"idempotency_key": "k"}).status == "succeeded"


def test_a_request_lost_before_any_work(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """The caller sees the same, but nothing is done."""
    intent_id = reserve(stand_in, client)
    stand_in.fail_next(status="timeout")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.capture(intent_id)
    assert stand_in.money()["charged"] == 0


def test_a_key_in_use_is_a_conflict(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """While the first request with it is still being worked on."""
    entered, leave = threading.Event(), threading.Event()

    def keep_busy() -> None:
        stand_in.keeper.turn(lambda _book, _now_s: (entered.set(), leave.wait(60)))

    threads = [threading.Thread(target=keep_busy)]
    threads[0].start()
    assert entered.wait(60)
    outcomes: list[int] = []

    def create() -> None:
        try:
            ask(stand_in)
            outcomes.append(200)
        except stripe.StripeError as refused:
            outcomes.append(refused.http_status or 0)
        if outcomes[-1] == 409:
            leave.set()

    threads += [threading.Thread(target=create) for _ in range(2)]
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 409]


def ask(stand_in: StandInStripe) -> str:
    """One session under the key `k`."""
    sessions = client_of(stand_in).v1.checkout.sessions
    return sessions.create(session_params(), {"idempotency_key": "k"}).id


def test_a_rate_limit_leaves_no_trace(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """429, and the same key works afterwards."""
    stand_in.fail_next(2, status=429, path_prefix="/v1/checkout", method="POST")
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"})
    assert client.v1.checkout.sessions.list().data == []
    assert client.v1.checkout.sessions.create(session_params(), {"idempotency_key": "k"}).status == "open"


def test_the_library_walks_all_pages(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Newest first, each once, with its charge in place of the charge's id."""
    made = [reserve(stand_in, client) for _ in range(5)]
    listed = client.v1.payment_intents.list({"limit": 2, "expand": ["data.latest_charge"]})
    walked = [(each.id, each.latest_charge.payment_intent) for each in listed.auto_paging_iter()]
    assert walked == [(each, each) for each in reversed(made)]


def test_a_list_is_bounded_by_time(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock
) -> None:
    """`gte` includes its bound and `lt` does not."""
    made = []
    for _ in range(3):
        made.append(reserve(stand_in, client))
        clock.now_s += 10
    bounds = {"gte": clock.now_s - 20, "lt": clock.now_s - 10}
    assert [each.id for each in client.v1.payment_intents.list({"created": bounds}).data] == [made[1]]


@pytest.mark.parametrize(
    ("params", "param"),
    [({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"starting_after": "pi_no"}, "starting_after")],
)
def test_a_wrong_page_is_refused(client: stripe.StripeClient, params: dict[str, object], param: str) -> None:
    """Limits are 1 to 100, and a cursor must name something."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.list(params)
    assert refused.value.param == param


def test_a_session_is_found_by_its_payment(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """And by nothing else's."""
    session = client.v1.checkout.sessions.create(session_params())
    intent_id = stand_in.pay(session.id)
    reserve(stand_in, client)
    (found,) = client.v1.checkout.sessions.list({"payment_intent": intent_id}).data
    assert found.id == session.id


def test_what_cannot_be_expanded_is_refused(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """By its path."""
    intent_id = reserve(stand_in, client)
    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(status\)"):
        client.v1.payment_intents.retrieve(intent_id, {"expand": ["status"]})


def test_a_session_shows_its_payment_and_lines_when_asked(
    stand_in: StandInStripe, client: stripe.StripeClient
) -> None:
    """Several expansions in one call, one of them two levels deep."""
    session = client.v1.checkout.sessions.create(session_params())
    stand_in.pay(session.id)
    paths = ["payment_intent.latest_charge", "line_items"]
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": paths})
    assert session.payment_intent.latest_charge.amount == 250
    assert [line.description for line in session.line_items.data] == ["3 credits"]


def test_search_lags_behind(stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock) -> None:
    """A payment is found only a minute after its last change."""
    intent_id = reserve(stand_in, client)
    query = {"query": "status:'requires_capture' AND metadata['credits']:'3'"}
    assert client.v1.payment_intents.search(query).data == []
    clock.now_s += 60
    assert [each.id for each in client.v1.payment_intents.search(query).data] == [intent_id]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('metadata["credits"]:"3"', True),
        ('-metadata["credits"]:"3"', False),
        ("amount>=250 AND currency:'usd'", True),
        ("amount<250 OR status:'canceled'", False),
        ('metadata["absent"]:null', False),
    ],
)
def test_search_understands_its_query(
    stand_in: StandInStripe, client: stripe.StripeClient, clock: Clock, query: str, found: bool
) -> None:
    """Equality, comparison, negation, AND, OR."""
    reserve(stand_in, client)
    clock.now_s += 60
    assert bool(client.v1.payment_intents.search({"query": query}).data) is found


@pytest.mark.parametrize(
    "query", ["", "colour:'red'", "amount:'much'", "status>'a'", "a:'b' AND", "status:'open"]
)
def test_a_query_that_cannot_be_read_is_refused(client: stripe.StripeClient, query: str) -> None:
    """Instead of finding nothing."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.search({"query": query})
    assert refused.value.param == "query"


def test_metadata_is_updated_in_any_status(stand_in: StandInStripe, client: stripe.StripeClient) -> None:
    """Merged key by key; an empty value deletes its key."""
    intent_id = stand_in.pay(client.v1.checkout.sessions.create(session_params(250, "automatic")).id)
    client.v1.payment_intents.update(intent_id, {"metadata": {"settled": "yes"}})
    intent = client.v1.payment_intents.update(intent_id, {"metadata": {"credits": ""}})
    assert intent.metadata.to_dict() == {"settled": "yes"}


def test_a_link_is_found_among_the_pages_of_links(client: stripe.StripeClient) -> None:
    """With its lines and price, as the relay looks for one that it made before."""
    link = client.v1.payment_links.create({"line_items": [offer(125, quantity=2)], "metadata": {"m": "1"}})
    (found,) = client.v1.payment_links.list({"active": True, "expand": ["data.line_items"]}).data
    assert (found.id, found.url, found.metadata.to_dict()) == (link.id, link.url, {"m": "1"})
    assert [(line.price.unit_amount, line.quantity) for line in found.line_items.data] == [(125, 2)]


def test_a_price_is_given_as_it_was_made(client: stripe.StripeClient) -> None:
    """With its metadata, from which the relay may read credits."""
    made = client.v1.prices.create(
        {"currency": "USD", "unit_amount": 100, "product_data": {"name": "1 credit"}, "metadata": {"c": "1"}}
    )
    price = client.v1.prices.retrieve(made.id, {"expand": ["product"]})
    assert (price.unit_amount, price.currency, price.metadata.to_dict()) == (100, "usd", {"c": "1"})
    assert price.product.name == "1 credit"
