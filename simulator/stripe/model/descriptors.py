"""CORE. What stands on the payer's bank statement: the account's prefix and the payment's suffix.

Source: https://docs.stripe.com/get-started/account/statement-descriptors
"""

from __future__ import annotations

import re

from simulator.stripe.model.errors import Refusal
from simulator.stripe.model.objects.account import Account

SHORTEST, LONGEST = 5, 22
FORBIDDEN = "<>\\'\"*"
PARAM = "statement_descriptor_suffix"


def calculated(account: Account, suffix: str | None) -> str:
    """The whole descriptor of a card charge."""
    return f"{account.statement_prefix}* {suffix}" if suffix else account.statement_descriptor


def check_suffix(account: Account, suffix: str | None, param: str = PARAM) -> None:
    """Raises Refusal for a suffix that Stripe does not print behind this account's prefix."""
    if suffix is None:
        return
    if any(sign in suffix for sign in FORBIDDEN):
        raise Refusal(f"The statement descriptor suffix cannot contain any of {FORBIDDEN}", None, param)
    if not re.search("[A-Za-z]", suffix):
        raise Refusal("The statement descriptor suffix must contain at least one letter.", None, param)
    whole = calculated(account, suffix)
    if not SHORTEST <= len(whole) <= LONGEST:
        message = (
            f"The statement descriptor must be between {SHORTEST} and {LONGEST} characters with its prefix: "
            f"{whole} has {len(whole)}."
        )
        raise Refusal(message, None, param)
