"""EDGE. Checks the Stripe key: every call that money takes, tried with ids that name nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.relay import Relay
from cloud_relay.rules.fitness import KEY_REFUSED
from cloud_relay.settings import StripeSettings
from cloud_relay.stripe.account import StripeAccount
from cloud_relay.stripe.probes import Answer, Probe, for_links, for_money

_REMEDY = "Give it to the key in Stripe's Dashboard, Developers, API keys, Edit key."
_AWAY = "See to the way to Stripe (network, firewall, STRIPE_PROXY), and check again."
_UNKNOWN = "See to the way to Stripe, and check again."


def check_key(relay: Relay, account: StripeAccount) -> list[Finding]:
    """Live or test, and one line for each row of a restricted key."""
    settings = relay.settings.stripe
    return [_mode(settings), *_rows(settings, account)]


def _mode(settings: StripeSettings) -> Finding:
    if settings.stand_in_url:
        return note(f"a test key for the stand-in at {settings.stand_in_url}: no real money moves")
    if not settings.livemode:
        return note("a test key: no real money moves")
    return ok("a live key: it moves real money")


def _rows(settings: StripeSettings, account: StripeAccount) -> Iterator[Finding]:
    needed = [(probe, True) for probe in for_money(settings)]
    wanted = [(probe, False) for probe in for_links(settings)]
    by_row = groupby([*needed, *wanted], key=lambda each: (each[0].permission, each[1]))
    for (permission, is_needed), probes in by_row:
        tried = []
        for probe, _ in probes:
            tried.append((probe, account.answer_to(probe)))
            if account.is_away:
                yield wrong("Stripe does not answer", _AWAY)
                return
        if any(answer.refuses_key for _, answer in tried):
            yield wrong(KEY_REFUSED.text, KEY_REFUSED.remedy_sentence)
            return
        yield _row(permission, tried, is_needed=is_needed)


def _row(permission: str, tried: list[tuple[Probe, Answer]], *, is_needed: bool) -> Finding:
    missing = [(probe.doing, answer.missing) for probe, answer in tried if answer.missing]
    grade = wrong if is_needed else warning
    if missing:
        doing = ", ".join(dict.fromkeys(doing for doing, _ in missing))
        return grade(f"the key lacks {missing[0][1]}: it cannot {doing}", _REMEDY)
    unknown = [(probe.doing, answer.unknown) for probe, answer in tried if answer.unknown]
    if unknown:
        return grade(f"not known whether the key can {unknown[0][0]}: {unknown[0][1]}", _UNKNOWN)
    return ok(f"{permission}: it can {', '.join(probe.doing for probe, _ in tried)}")
