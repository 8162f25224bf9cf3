"""CORE. What is found by letting the relay verify what was signed here: its secrets are these, or others."""

from __future__ import annotations

import re

from cloud_relay.pages.check.findings import Finding, ok, warning, wrong
from cloud_relay.rules.setting_up.from_outside import Answer, Unreached

_BYTES = re.compile(r"these (\d{1,9}) bytes")
_THE_SAME = "Give the relay there this environment's, and start it anew; or check with the relay's own."
_LET_THROUGH = "Have the proxy pass POST, all headers and the body on as they are."


def secret_findings(answers: list[Answer | Unreached], sent_bytes: int) -> list[Finding]:
    """What the relay answered to a harmless event, signed with each of our webhook secrets in turn."""
    found = [_secret(answer, sent_bytes) for answer in answers]
    if len(found) == 1 or all(each == found[0] for each in found):
        return found[:1]
    taken = [number for number, each in enumerate(found, 1) if each == _TAKEN]
    if not taken:
        return found
    numbers = " and ".join(str(number) for number in range(1, len(found) + 1) if number not in taken)
    return [_TAKEN, warning(f"the relay there does not take number {numbers} of the secrets", _THE_SAME)]


_TAKEN = ok("the relay there takes an event signed with this STRIPE_WEBHOOK_SECRET")


def _secret(answer: Answer | Unreached, sent_bytes: int) -> Finding:
    if isinstance(answer, Unreached):
        return wrong(f"a POST to /addCredit gets no answer: {answer.obstacle}", _LET_THROUGH)
    if answer.status == 200 and "ignored" in answer.fields:
        return _TAKEN
    if answer.status != 400 or not answer.error:
        return wrong(f"a POST to /addCredit is answered {answer.status}, and not by the relay", _LET_THROUGH)
    return _refused(answer.error, sent_bytes)


def _refused(error: str, sent_bytes: int) -> Finding:
    came = _BYTES.search(error)
    if came and int(came[1]) != sent_bytes:
        text = f"of an event of {sent_bytes} bytes {came[1]} reach the relay there: the body is changed"
        return wrong(text, "Have the proxy pass the body on as it is: no rewriting, no mapping template.")
    if "livemode" in error:
        text = "the relay there has a key of the other mode: live there and test here, or the reverse"
        return wrong(text, _THE_SAME)
    if "Stripe-Signature" in error:
        remedy = "Have the proxy pass all headers on; without this one every webhook is refused."
        return wrong("the header Stripe-Signature does not reach the relay there", remedy)
    if "ago by the relay's clock" in error:
        text = "the clock of the relay there is minutes ahead: it calls an event old that was signed now"
        return wrong(text, "Set it, best by NTP (sudo timedatectl set-ntp true).")
    return wrong("the relay there has another STRIPE_WEBHOOK_SECRET", _THE_SAME)


def token_finding(answer: Answer | Unreached) -> Finding:
    """What the relay answered to a machine token that was made here."""
    if isinstance(answer, Unreached):
        return wrong(f"GET /machines/ gets no answer: {answer.obstacle}", "Have the proxy pass all paths on.")
    if answer.status == 200:
        return ok("the relay there takes a machine token that was made here: it has this RELAY_SECRET")
    if answer.status == 409:
        return wrong(
            f"the relay there takes no payments: {answer.error:.300}", "Do what it says, and check again."
        )
    if answer.status == 401 and answer.error:
        text = "the relay there refuses a machine token that was made here: its RELAY_SECRET is another"
        remedy = f"{_THE_SAME} If it is the same, the proxy takes the header Authorization away."
        return wrong(text, remedy)
    text = f"GET /machines/ is answered {answer.status}, and not by the relay"
    return wrong(text, "Have the proxy pass all paths and headers on.")
