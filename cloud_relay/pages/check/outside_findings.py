"""CORE. What is found of the relay's public address, as phones and Stripe meet it."""

from __future__ import annotations

from collections.abc import Iterator

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.setting_up.from_outside import Answer, Obstacle, Unreached

DAY_S = 24 * 3600
# Let's Encrypt's clients renew 30 days before the end: who has fewer left has one that does not.
_LEAST_DAYS = 14
_LET_IN = "Start the relay and the proxy before it, and let port {port} through the firewall."
_GATEWAYS = {"Not Found", "Forbidden", "Missing Authentication Token"}


def unreached_finding(host: str, port: int, why: Unreached) -> Finding:
    """No relay answers there, and what to do about it."""
    let_in = _LET_IN.format(port=port)
    match why.obstacle:
        case Obstacle.NO_SUCH_NAME:
            return wrong(f"{host} has no address", "Make a record for it in your DNS, or correct RELAY_URL.")
        case Obstacle.NOBODY_LISTENS:
            return wrong(f"nothing listens at {host}, port {port}", let_in)
        case Obstacle.NO_ANSWER:
            return wrong(f"{host}, port {port}, does not answer", let_in)
        case Obstacle.PLAIN_HTTP:
            return wrong(f"{host} speaks plain HTTP at port {port}", "Have the proxy speak TLS there.")
        case Obstacle.EXPIRED:
            remedy = "Renew it (certbot renew, say), and have the proxy load the new one."
            return wrong(f"the certificate of {host} has expired", remedy)
        case Obstacle.OTHER_NAME:
            return wrong(f"the certificate there is for another name than {host}", f"Get one for {host}.")
        case Obstacle.UNTRUSTED:
            remedy = (
                "Take one of a public authority (Let's Encrypt, say), whole: fullchain.pem, not cert.pem."
            )
            return wrong(f"no phone trusts the certificate of {host}: {_reason(why.detail)}", remedy)
    return wrong(f"{host}, port {port}, cuts the connection: {why.detail:.120}", let_in)


def _reason(detail: str) -> str:
    return detail.partition("verify failed: ")[2].partition(" (")[0] or detail


def refusal_finding(url: str, answer: Answer, elsewhere: str | None) -> Finding:
    """What answers at `url` is not the relay; `elsewhere` is a base address at which it is."""
    asked, status = f"{url}/status", answer.status
    if elsewhere is not None:
        return wrong(
            f"the relay answers under {elsewhere}, and not under {url}", f"Write RELAY_URL={elsewhere}."
        )
    if 300 <= status < 400:
        return _redirect(asked, answer.headers.get("location", ""))
    if status in (403, 404) and str(answer.fields.get("message")) in _GATEWAYS:
        remedy = "Write the stage's name behind RELAY_URL (https://.../prod), or deploy the stage $default."
        return wrong(f"{asked} answers {status}: the API gateway has no such path", remedy)
    if status in (401, 403):
        remedy = "Let everything through to the relay: it has its own signatures and tokens."
        return wrong(f"{asked} answers {status}: something before the relay wants a login", remedy)
    if status in (502, 503, 504):
        remedy = "Start the relay, and compare its port with the one in the proxy's settings."
        return wrong(f"{asked} answers {status}: the proxy does not reach the relay", remedy)
    if status >= 400:
        remedy = "Correct RELAY_URL, or have the proxy pass all paths on as they are."
        return wrong(f"{asked} answers {status}", remedy)
    return wrong(
        f"another program answers at {asked}", "Correct RELAY_URL, or lead that address to the relay."
    )


def _redirect(asked: str, location: str) -> Finding:
    text = f"{asked} sends on to {location:.200}: Stripe follows no redirect"
    if location.startswith("https://") and location.endswith("/status"):
        return wrong(text, f"Write RELAY_URL={location.removesuffix('/status')}.")
    return wrong(text, "Write the address that answers by itself into RELAY_URL.")


def relay_findings(
    url: str, answers: tuple[Answer, ...], our_version: str, now_s: float
) -> Iterator[Finding]:
    """The relay answers: its version, how long its certificate is good, and whether a cache stands before it.

    `answers` are those of /status, more than one, so that a cache had something to keep.
    """
    answer = answers[0]
    version = str(answer.fields.get("version"))
    yield ok(f"{url}/status answers: a relay, version {version}")
    if version != our_version:
        text = f"it is version {version:.40}, and this check is of {our_version}"
        yield warning(text, "Run the check of the version that runs there.")
    yield _certificate(answer.certificate_ends_s, now_s)
    if kept := next((each.cached for each in answers if each.cached), None):
        remedy = "Have the CDN or proxy keep nothing of this host: doors and payments change each second."
        yield wrong(f"a cache answers in the relay's place ({kept})", remedy)
    elif "no-store" not in answer.headers.get("cache-control", ""):
        remedy = "Have the CDN or proxy leave Cache-Control as the relay sends it."
        yield warning("something on the way takes Cache-Control: no-store away", remedy)


def _certificate(ends_s: float | None, now_s: float) -> Finding:
    if ends_s is None:
        return note("it speaks plain HTTP: only on this machine, and with a stand-in for Stripe")
    days = int((ends_s - now_s) // DAY_S)
    if days < _LEAST_DAYS:
        text = f"its certificate ends in {days} days"
        return warning(text, "See why it is not renewed by itself (certbot renew --dry-run, say).")
    return ok(f"its certificate is good for {days} days")


def broker_finding(answer: Answer) -> Finding | None:
    """Whether the relay there reaches its broker, as its /status says; None where it does not know."""
    match answer.fields.get("broker"):
        case "up":
            return ok("the relay there reaches its broker")
        case "away":
            remedy = "See what its log says of the broker, and run this check where the relay runs."
            return wrong("the relay there does not reach its broker: all doors are closed", remedy)
    return None


def door_finding(answer: Answer | Unreached) -> Finding:
    """The door's page of a machine that does not exist, which a phone would be shown."""
    if isinstance(answer, Unreached):
        return wrong(f"a door's page does not come: {answer.obstacle}", "Have the proxy pass /p/ on.")
    if answer.status == 200 and b"Nothing was charged" in answer.body:
        return ok("a phone gets a door's page")
    if answer.status == 429 or b"Too many" in answer.body:
        return note("a door's page was not looked at: too many are asked for at this moment")
    if answer.status == 503:
        remedy = "See what the relay's log says of the broker; its login may lack a rule (docs/broker.md)."
        return wrong("no door opens: the relay there cannot ask the broker for a machine's status", remedy)
    return wrong(f"a door's page does not come: {answer.status}", "Have the proxy pass /p/ on as it is.")
