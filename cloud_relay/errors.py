"""What can go wrong between the relay and the two that it stands between."""

from __future__ import annotations


class RelayError(Exception):
    """The root of the relay's own errors."""


class BrokerUnavailable(RelayError, ConnectionError):
    """The broker cannot be reached, or does not answer; trying again later may work."""


class Busy(RelayError):
    """Too many callers wait for the same thing at once; trying again in a moment may work."""


class NobodySubscribed(RelayError):
    """The broker took the message and threw it away: no session wants its topic."""


class PublishRefused(RelayError, PermissionError):
    """The broker's access rules forbid this."""


class LoginsFailed(RelayError):
    """A login at the broker could not be made or taken away; the message says why, and what to do."""


class NoPasswordDatabase(LoginsFailed):
    """The broker keeps no logins yet: it lets everybody in."""


class SetupFailed(RelayError):
    """Something cannot be set up as it was asked for; the message says why, and what to do."""


class ClockWrong(RelayError):
    """The relay's clock is not Stripe's, so that nobody can say how old a payment is."""


class StripeUnavailable(RelayError, ConnectionError):
    """Stripe did not answer, or refused; what was asked may all the same have been done."""


class NotAtStripe(RelayError, LookupError):
    """Stripe has no such object."""


class TooLittleToCharge(RelayError, ValueError):
    """The amount is under Stripe's least charge, which can depend on the account's own currency."""


class RefundRefused(RelayError):
    """Stripe refuses a refund, and always will; the message is its code for the reason."""


class BadSignature(RelayError, ValueError):
    """A webhook that Stripe did not send, or that is no event."""


class TooOld(BadSignature):
    """A webhook that Stripe signed, long ago: the clock is wrong, or somebody sends it again."""


class SetupRefused(RelayError):
    """Stripe does not make what was asked for; the message has its reason."""


class FileTrouble(RelayError):
    """A file cannot be read or written; the message names it, and why."""
