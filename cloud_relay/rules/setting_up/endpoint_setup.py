"""CORE. What differs between the webhook endpoints at Stripe and the one that the relay needs.

Stripe tells an endpoint's secret when it makes it and never again, and its API version cannot be changed. So
an endpoint whose secret nobody has, or of another version, is replaced: by a new one first. The old one is
disabled only once the relay was seen to take the new one's secret: until then the old one brings the sales.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cloud_relay.rules.setting_up.neighbours import Endpoint


@dataclass(frozen=True)
class Wanted:
    """The endpoint that the relay needs."""

    url: str
    events: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Make:
    """Make a new endpoint."""

    wanted: Wanted

    @property
    def text(self) -> str:
        """What will be done."""
        what = f"{len(self.wanted.events)} events, payload style Snapshot, API version {self.wanted.version}"
        return f"make a webhook endpoint for {self.wanted.url}: {what}"


@dataclass(frozen=True)
class Mend:
    """Change an endpoint; what is None, or False, stays as it is."""

    endpoint: Endpoint
    url: str | None = None
    events: tuple[str, ...] | None = None
    enable: bool = False

    @property
    def text(self) -> str:
        """What will be done."""
        changes = [f"its address from {self.endpoint.url} to {self.url}"] if self.url else []
        if self.events is not None:
            added = [event for event in self.events if event not in self.endpoint.events]
            changes.append(f"add {', '.join(added)}")
        if self.enable:
            changes.append("enable it")
        return f"change the webhook endpoint {self.endpoint.id}: {'; '.join(changes)}"


@dataclass(frozen=True)
class Disable:
    """Switch off an endpoint that another has replaced."""

    endpoint: Endpoint

    @property
    def text(self) -> str:
        """What will be done."""
        return f"disable the webhook endpoint {self.endpoint.id}, which another one has replaced"


@dataclass(frozen=True)
class EndpointPlan:
    """What to do, in order, and what the operator should know besides."""

    steps: tuple[Make | Mend | Disable, ...]
    remarks: tuple[str, ...] = ()


def endpoint_plan(
    endpoints: Sequence[Endpoint],
    wanted: Wanted,
    held: Collection[str],
    taken: Collection[str],
    *,
    new_secret: bool = False,
) -> EndpointPlan:
    """`held` are prints of the secrets at hand, `taken` of those that the running relay takes.

    With `new_secret` a new endpoint is made in any case: it is the only way to another secret.
    """
    here = [each for each in endpoints if each.url == wanted.url and not each.is_thin]
    usable = [each for each in here if _is_usable(each, wanted, held) and not new_secret]
    if not usable and not here:
        near = [each for each in endpoints if is_near(each.url, wanted.url) and not each.is_thin]
        usable = [each for each in near if _is_usable(each, wanted, held)]
    remarks = _about_thin(endpoints, wanted)
    if not usable and not new_secret and (lost := _lost(here, wanted)):
        return EndpointPlan((), (*remarks, lost))
    if not usable:
        return EndpointPlan(
            (Make(wanted),), (*remarks, *_staying([each for each in here if each.is_enabled]))
        )
    chosen = max(usable, key=lambda each: (each.secret_print in held, each.is_enabled, each.created_s))
    others = [each for each in here if each.is_enabled and each is not chosen]
    steps = _mended(chosen, wanted)
    if chosen.is_enabled and chosen.secret_print in taken:
        return EndpointPlan((*steps, *map(Disable, others)), remarks)
    about = _staying(others) if chosen.secret_print else _twins(others, chosen)
    return EndpointPlan(steps, (*remarks, *about))


def _is_usable(endpoint: Endpoint, wanted: Wanted, held: Collection[str]) -> bool:
    """Whether it speaks the relay's version, and its secret is at hand, as far as anybody can know."""
    has_secret = endpoint.secret_print in held if endpoint.secret_print else bool(held)
    return has_secret and endpoint.is_of_release(wanted.version)


def _lost(here: Sequence[Endpoint], wanted: Wanted) -> str | None:
    """What to do about one that this command made, and whose secret is not at hand; None if none is."""
    for each in here:
        if each.is_enabled and each.secret_print and each.is_of_release(wanted.version):
            told = f"{each.id} was made before, and its secret, which Stripe told then, is not at hand"
            return f"{told}: write it into STRIPE_WEBHOOK_SECRET, or run this with --new-secret if it is lost"
    return None


def _mended(endpoint: Endpoint, wanted: Wanted) -> tuple[Mend, ...]:
    missing = endpoint.misses(wanted.events)
    mend = Mend(
        endpoint,
        url=wanted.url if endpoint.url != wanted.url else None,
        events=(*sorted(endpoint.events), *missing) if missing else None,
        enable=not endpoint.is_enabled,
    )
    return (mend,) if mend != Mend(endpoint) else ()


def is_near(url: str, wanted: str) -> bool:
    """Whether an address is meant to be this one: but for capitals, slashes, http, or its path's end."""
    return _plain(url) in (_plain(wanted), _plain(wanted.rpartition("/")[0]))


def _plain(url: str) -> str:
    host, _, path = url.lower().partition("://")[2].partition("/")
    return "/".join([host, *filter(None, path.split("/"))])


def _about_thin(endpoints: Sequence[Endpoint], wanted: Wanted) -> tuple[str, ...]:
    return tuple(
        f"{each.id} sends thin events to {each.url}, which the relay does not read: delete it at Stripe"
        for each in endpoints
        if each.is_thin and each.url == wanted.url
    )


def _staying(others: Sequence[Endpoint]) -> tuple[str, ...]:
    """Those that are replaced, and bring the sales until the relay has the new secret."""
    if not others:
        return ()
    ids = " and ".join(sorted(each.id for each in others))
    until = "stays enabled until the relay takes the new secret: start it anew with that, and run this again"
    return (f"{ids} {until}",)


def _twins(others: Sequence[Endpoint], chosen: Endpoint) -> tuple[str, ...]:
    if not others:
        return ()
    ids = " and ".join(sorted(each.id for each in (chosen, *others)))
    return (
        f"{ids} send to one address, and nobody can tell whose secret is at hand: delete all but that one in "
        "Stripe's Dashboard, Developers, Webhooks",
    )
