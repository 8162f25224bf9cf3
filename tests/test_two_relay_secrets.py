"""The relay's secret while it is changed: tokens, tags and signatures of the new one and of the old one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay_parts import RELAY_SECRET, environment, relay_under_test

from cloud_relay.rules.machine_report import read_report
from cloud_relay.rules.marks import MarkKind
from cloud_relay.rules.messages import signature, signatures
from cloud_relay.rules.orders import Order, Ownership
from cloud_relay.rules.tokens import TokenBook, TokenUse, machine_token, relay_tag, token_tag
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_settings
from cloud_relay.stripe.payments import StripePayments
from simulator.chain.broker import Broker

pytestmark = pytest.mark.cloud

OLD, NEW = RELAY_SECRET, "the-new-secret-of-at-least-32-characters"
BOTH = TokenBook(NEW, {"galaga-01": 3}, OLD)
OLD_TAG, NEW_TAG = relay_tag(OLD), relay_tag(NEW)


def token(secret: str, number: int = 3, machine_id: str = "galaga-01") -> str:
    """A token of that machine."""
    return machine_token(secret, machine_id, number)


def test_tokens_of_both_secrets_are_accepted_and_revoked_alike() -> None:
    """Whichever a cabinet has, until the old secret is taken out."""
    tried = {
        (name, number): BOTH.accepts(token(secret, number), "galaga-01")
        for name, secret in (("new", NEW), ("old", OLD), ("other", "x" * 40))
        for number in (2, 3, 4)
    }
    assert tried == {(name, number): name != "other" and number >= 3 for name, number in tried}
    assert not BOTH.accepts(token(OLD), "pacman-02")
    assert not TokenBook(NEW, {}).accepts(token(OLD), "galaga-01")


def test_new_tokens_are_made_of_the_new_secret() -> None:
    """A cabinet that is given one now need not be given another when the old secret goes."""
    assert BOTH.issue("galaga-01") == token(NEW)


def test_a_coin_pulse_is_signed_with_each_token_that_its_machine_may_have() -> None:
    """The old one's is where cabinets look that know of no second."""
    payload = b"{}"
    assert signatures(BOTH.signing("galaga-01"), payload) == {
        "sig": signature(token(OLD), payload),
        "sig2": signature(token(NEW), payload),
    }
    only = TokenBook(NEW, {}).signing("galaga-01")
    assert signatures(only, payload) == {"sig": signature(token(NEW, 1), payload)}


@pytest.mark.parametrize(
    ("used", "use"),
    [
        (token(NEW), TokenUse.NEW),
        (token(NEW, 4), TokenUse.NEW),
        (token(OLD), TokenUse.OLD),
        (token(OLD, 2), TokenUse.NEITHER),
        (token(NEW, machine_id="pacman-02"), TokenUse.NEITHER),
    ],
    ids=["new", "new, a number ahead", "old", "revoked", "another machine's"],
)
def test_a_status_tells_of_which_secret_the_token_is(used: str, use: TokenUse) -> None:
    """The list of machines that still use the old one is made of it."""
    status = f'{{"machineId":"galaga-01","tokenTag":"{token_tag(used)}"}}'.encode()
    assert BOTH.use_of("galaga-01", read_report(status, "galaga-01").token_tag) is use


def test_a_status_without_a_tag_tells_nothing() -> None:
    """Older cabinets do not say it, and a wrong kind of value is no tag either."""
    said = [read_report(text, "galaga-01").token_tag for text in (b'{"machineId":"galaga-01"}', b"x")]
    assert [BOTH.use_of("galaga-01", tag) for tag in said] == [TokenUse.NOT_KNOWN] * 2
    strange = read_report(b'{"tokenTag":[7]}', "galaga-01").token_tag
    assert BOTH.use_of("galaga-01", strange) is TokenUse.NEITHER


def test_what_was_sold_under_an_earlier_secret_is_still_this_relays() -> None:
    """Open payments, printed links and disputes outlive the secret; what is sold since bears its own tag."""
    whose = Ownership(NEW_TAG, takes_untagged=False, other_tags=(OLD_TAG,))
    sold = {tag: whose.owns({"machine_id": "g", "relay": tag}) for tag in (NEW_TAG, OLD_TAG, "f" * 16)}
    assert sold == {NEW_TAG: True, OLD_TAG: True, "f" * 16: False}
    assert whose.is_tagged({"relay": OLD_TAG})
    assert whose.mark({}) == {"relay": NEW_TAG}


@pytest.mark.parametrize(
    ("variables", "tags"),
    [
        ({"RELAY_SECRET": OLD}, (OLD_TAG,)),
        ({"RELAY_SECRET": f"{NEW},{OLD}"}, (OLD_TAG, NEW_TAG)),
        ({"RELAY_SECRET": f" {NEW} , {OLD} ", "FORMER_RELAY_TAGS": OLD_TAG}, (OLD_TAG, NEW_TAG)),
        ({"RELAY_SECRET": NEW, "FORMER_RELAY_TAGS": f"{OLD_TAG}, {'a' * 16}"}, (NEW_TAG, OLD_TAG, "a" * 16)),
    ],
    ids=["one", "two", "two and a tag of the same", "the old one's tag alone"],
)
def test_the_tags_are_those_of_all_secrets_and_those_that_are_named(
    variables: dict[str, str], tags: tuple[str, ...]
) -> None:
    """Each once; first the one that sales bear, which is the old one's while there are two secrets."""
    assert read_settings(environment(**variables)).stripe.ownership.tags == tags


BEFORE, MEANWHILE = {"RELAY_SECRET": OLD}, {"RELAY_SECRET": f"{NEW},{OLD}"}
AFTERWARDS = {"RELAY_SECRET": NEW, "FORMER_RELAY_TAGS": OLD_TAG}


@pytest.mark.parametrize(
    ("early", "late"), [(BEFORE, MEANWHILE), (MEANWHILE, AFTERWARDS)], ids=["begun", "finished"]
)
def test_processes_that_hear_of_a_change_one_after_the_other_know_each_other_s_sales(
    early: dict[str, str], late: dict[str, str]
) -> None:
    """On Lambda five minutes pass in between: a webhook that finds a stranger's tag credits nobody."""
    one, other = (read_settings(environment(**variables)) for variables in (early, late))
    for seller, hearer in ((one, other), (other, one)):
        assert hearer.stripe.ownership.owns(seller.stripe.ownership.mark({"machine_id": "galaga-01"}))
        signed = {machine_token(secret, "galaga-01", 1) for secret in hearer.tokens.secrets}
        assert signed & set(seller.tokens.signing("galaga-01"))


def test_what_phones_are_given_is_sealed_by_what_all_processes_know() -> None:
    """A free credit's name is made with it: two names would be two credits."""
    early, late = (read_settings(environment(**variables)).tokens for variables in (BEFORE, MEANWHILE))
    assert early.sealing_secret == late.sealing_secret == OLD


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"RELAY_SECRET": f"{NEW},short"}, "RELAY_SECRET: has 5 characters, fewer than 32: "),
        ({"RELAY_SECRET": f"{NEW},"}, "RELAY_SECRET: has 0 characters, fewer than 32: "),
        (
            {"RELAY_SECRET": f"{NEW},{NEW}"},
            "RELAY_SECRET: names more than two secrets, or one twice: while it is changed, write new,old",
        ),
        (
            {"RELAY_SECRET": f"{NEW},{OLD},{'z' * 32}"},
            "RELAY_SECRET: names more than two secrets, or one twice: while it is changed, write new,old",
        ),
        ({"FORMER_RELAY_TAGS": OLD}, "FORMER_RELAY_TAGS: holds what is no tag: write what "),
        ({"FORMER_RELAY_TAGS": f"{OLD_TAG},"}, "FORMER_RELAY_TAGS: holds what is no tag: write what "),
    ],
    ids=["a short one", "an empty one", "the same twice", "three", "a secret for a tag", "an empty tag"],
)
def test_what_can_be_no_pair_of_secrets_is_named(variables: dict[str, str], problem: str) -> None:
    """And nothing of a secret is shown."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment(**variables))
    assert problem in str(refused.value)
    assert [secret for secret in (NEW, OLD) if secret in str(refused.value)] == []


def test_notes_on_older_payments_are_found_under_every_tag(broker: Broker) -> None:
    """A bank disputes after months, and Stripe searches for one tag at a time."""
    order = Order("galaga-01", 3, 250, "usd").metadata()
    with relay_under_test(broker, RELAY_SECRET=NEW, FORMER_RELAY_TAGS=OLD_TAG) as hall:
        hall.stripe.webhooks.url = None
        paid = [hall.pay_in_secret({**order, "relay": tag}) for tag in (OLD_TAG, NEW_TAG, "f" * 16)]
        for payment_id, tag in zip(paid, (OLD_TAG, NEW_TAG, "f" * 16), strict=True):
            noted = StripePayments(replace(hall.settings.stripe, ownership=Ownership(tag)))
            noted.note(payment_id, MarkKind.DISPUTE, "lost", "galaga-01", hall.clock())
        for days in (0, 20):
            hall.clock.ahead_s = days * 24 * 3600
            hall.relay.stripe().marks(hall.clock())  # by now their reservations have lapsed
            hall.clock.ahead_s += 120  # what changed a moment ago is not found by a search
            marks = hall.relay.stripe().marks(hall.clock())
            assert sorted(mark.payment_id for mark in marks) == sorted(paid[:2])
