"""What is decided about AWS without asking it: a call's signature, and what `setup aws` would change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from cloud_relay.formats.aws_signature import AwsCall, Credentials, signed_headers
from cloud_relay.pages.setup.aws_plan import Change, Step, Stored, changes

pytestmark = pytest.mark.cloud
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(9999, 1, 1))  # noqa: DTZ001 - Hypothesis wants it so
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
KNOWN = frozenset({"RELAY_SECRET", "OFFERS", "PRICE_ID"})


@given(st.binary(), PRINTABLE, PRINTABLE, st.none() | PRINTABLE, TIMES)
def test_every_call_is_signed_as_aws_s_own_library_signs_it(
    body: bytes, key_id: str, secret: str, token: str | None, at: datetime
) -> None:
    """With a role's session token and without."""
    headers = {"X-Amz-Target": "AmazonSSM.GetParametersByPath", "Content-Type": "application/x-amz-json-1.1"}
    call = AwsCall("ssm", "eu-central-1", "ssm.eu-central-1.amazonaws.com", "/", headers, body)
    theirs = AWSRequest("POST", f"https://{call.host}/", headers=headers, data=body)
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    theirs.context["timestamp"] = stamp
    theirs.headers["X-Amz-Date"] = stamp
    if token:
        theirs.headers["X-Amz-Security-Token"] = token
    signer = SigV4Auth(BotocoreCredentials(key_id, secret, token), "ssm", "eu-central-1")
    to_sign = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    signature = signer.signature(to_sign, theirs)
    ours = signed_headers(call, Credentials(key_id, secret, token), at.replace(tzinfo=UTC))
    assert ours["Authorization"].rpartition("Signature=")[2] == signature
    assert ours["Authorization"].split(", ")[1] == "SignedHeaders=" + signer.signed_headers(
        signer.headers_to_sign(theirs)
    )


def test_a_secret_never_shows_in_the_credentials_repr() -> None:
    """It would reach a log with the first traceback."""
    assert repr(Credentials("ASIA1", "hush", "token")) == "Credentials(key_id='ASIA1')"


@pytest.mark.parametrize(
    ("there", "wanted", "step", "words"),
    [
        (None, "a", Step.NEW, "stored"),
        (Stored("a", "String"), "a", Step.SAME, "as it is"),
        (Stored("b", "String"), "a", Step.CHANGED, "stored anew, its value has changed"),
        (Stored("b", "String"), None, Step.ONLY_THERE, "set there and not here; left as it is"),
    ],
)
def test_what_happens_to_a_setting(there: Stored | None, wanted: str | None, step: Step, words: str) -> None:
    """By what is here and what is there; only a value that is new there is stored."""
    here = {} if wanted is None else {"OFFERS": wanted}
    [change] = changes(here, {} if there is None else {"OFFERS": there}, KNOWN)
    assert change == Change("OFFERS", step)
    assert change.words("/cloud-relay") == f"/cloud-relay/OFFERS: {words}"
    assert change.is_stored == (step in (Step.NEW, Step.CHANGED))


@pytest.mark.parametrize("here", [{}, {"RELAY_SECRET": "a"}])
def test_a_secret_that_lies_there_readable_is_not_written_over(here: dict[str, str]) -> None:
    """AWS would refuse: a parameter's type is for ever."""
    assert changes(here, {"RELAY_SECRET": Stored("a", "String")}, KNOWN) == [
        Change("RELAY_SECRET", Step.READABLE)
    ]


def test_each_setting_is_told_once_and_in_order() -> None:
    """Those of here and those of there, and a name that is no setting."""
    there = {"RELAY_SECRET": Stored("a", "SecureString"), "OFFER": Stored("b", "String")}
    assert changes({"RELAY_SECRET": "a", "PRICE_ID": "c"}, there, KNOWN) == [
        Change("OFFER", Step.STRANGE),
        Change("PRICE_ID", Step.NEW),
        Change("RELAY_SECRET", Step.SAME),
    ]
