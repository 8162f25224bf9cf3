"""CORE. What each call may be given, in the API version that the installed library speaks.

A parameter that this product has no use for counts as unknown, even if Stripe knows it.
"""

from __future__ import annotations

from simulator.stripe.model.params import (
    created_filter,
    flag,
    hash_by,
    hash_of,
    list_of,
    metadata,
    one_of,
    page_of,
    text,
    whole_number,
)

_EXPAND = list_of(text())
_WORD = text(200)
_METHODS = list_of(_WORD)
_CAPTURE = one_of("automatic", "automatic_async", "manual")
_SUBMIT = one_of("auto", "book", "donate", "pay")
_CURRENCY_OPTIONS = hash_by(text(3), hash_of(["unit_amount"], unit_amount=whole_number(0)))
_INTENT_DATA = hash_of(
    capture_method=_CAPTURE,
    metadata=metadata,
    description=text(1000),
    statement_descriptor_suffix=text(22),
)
_PRODUCT_DATA = hash_of(
    ["name"], name=text(), description=text(), images=list_of(text(), 1), metadata=metadata
)
_PRICE_DATA = hash_of(
    ["currency", "unit_amount"],
    currency=text(3),
    unit_amount=whole_number(0),
    product=_WORD,
    product_data=_PRODUCT_DATA,
)
_ADJUSTABLE = hash_of(
    ["enabled"], enabled=flag, maximum=whole_number(1, 999_999), minimum=whole_number(0, 999_999)
)
_LINE = hash_of(
    ["quantity"],
    price=_WORD,
    price_data=_PRICE_DATA,
    quantity=whole_number(1, 999_999),
    adjustable_quantity=_ADJUSTABLE,
)
_TAX = hash_of(["enabled"], enabled=flag)
_COMPLETION = hash_of(
    ["type"],
    type=one_of("hosted_confirmation", "redirect"),
    redirect=hash_of(["url"], url=text()),
    hosted_confirmation=hash_of(custom_message=text(500)),
)

CREATE_PRICE = hash_of(
    ["currency", "unit_amount"],
    currency=text(3),
    unit_amount=whole_number(0),
    product=_WORD,
    product_data=hash_of(["name"], name=text(), metadata=metadata, statement_descriptor=text(22)),
    currency_options=_CURRENCY_OPTIONS,
    nickname=text(),
    lookup_key=_WORD,
    transfer_lookup_key=flag,
    metadata=metadata,
    active=flag,
    expand=_EXPAND,
)
UPDATE_PRICE = hash_of(
    active=flag,
    lookup_key=_WORD,
    transfer_lookup_key=flag,
    nickname=text(),
    metadata=metadata,
    expand=_EXPAND,
)
LIST_PRICES = page_of(
    active=flag,
    currency=text(3),
    product=_WORD,
    lookup_keys=list_of(_WORD),
    type=one_of("one_time", "recurring"),
    created=created_filter,
)
CREATE_PRODUCT = hash_of(
    ["name"],
    id=_WORD,
    name=text(),
    active=flag,
    description=text(),
    metadata=metadata,
    statement_descriptor=text(22),
    expand=_EXPAND,
)
UPDATE_PRODUCT = hash_of(name=text(), active=flag, description=text(), metadata=metadata, expand=_EXPAND)
LIST_PRODUCTS = page_of(active=flag, ids=list_of(_WORD), created=created_filter)
CREATE_ENDPOINT = hash_of(
    ["url", "enabled_events"],
    url=text(),
    enabled_events=list_of(_WORD, 1),
    api_version=_WORD,
    description=text(),
    connect=flag,
    metadata=metadata,
    expand=_EXPAND,
)
# Neither `api_version` nor a secret: both are chosen when an endpoint is made.
UPDATE_ENDPOINT = hash_of(
    url=text(),
    enabled_events=list_of(_WORD, 1),
    disabled=flag,
    description=text(),
    metadata=metadata,
    expand=_EXPAND,
)
LIST_METHODS = page_of(active=flag, application=text())
CREATE_LINK = hash_of(
    ["line_items"],
    currency=text(3),
    automatic_tax=_TAX,
    line_items=list_of(_LINE, 1),
    metadata=metadata,
    payment_intent_data=_INTENT_DATA,
    after_completion=_COMPLETION,
    inactive_message=text(500),
    payment_method_types=_METHODS,
    submit_type=_SUBMIT,
    expand=_EXPAND,
)
UPDATE_LINK = hash_of(active=flag, metadata=metadata, inactive_message=text(500), expand=_EXPAND)
CREATE_SESSION = hash_of(
    ["mode", "line_items", "success_url"],
    mode=one_of("payment"),
    currency=text(3),
    automatic_tax=_TAX,
    line_items=list_of(_LINE, 1),
    success_url=text(),
    cancel_url=text(),
    metadata=metadata,
    payment_intent_data=_INTENT_DATA,
    expires_at=whole_number(1),
    adaptive_pricing=hash_of(enabled=flag),
    # `payment_method_types` was removed from this call in API version 2026-09-30.
    allowed_payment_method_types=_METHODS,
    excluded_payment_method_types=_METHODS,
    client_reference_id=_WORD,
    customer_email=text(800),
    customer_creation=one_of("always", "if_required"),
    billing_address_collection=one_of("auto", "required"),
    locale=text(10),
    submit_type=_SUBMIT,
    ui_mode=one_of("hosted_page"),
    expand=_EXPAND,
)
LIST_SESSIONS = page_of(
    payment_intent=_WORD,
    payment_link=_WORD,
    status=one_of("open", "complete", "expired"),
    created=created_filter,
)
UPDATE_INTENT = hash_of(
    metadata=metadata, description=text(1000), statement_descriptor_suffix=text(22), expand=_EXPAND
)
CAPTURE_INTENT = hash_of(
    amount_to_capture=whole_number(1),
    # More than one capture is a feature that Stripe must grant to an account first.
    final_capture=one_of("true"),
    metadata=metadata,
    statement_descriptor_suffix=text(22),
    expand=_EXPAND,
)
CANCEL_INTENT = hash_of(
    cancellation_reason=one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
    expand=_EXPAND,
)
SEARCH_INTENTS = hash_of(["query"], query=text(), limit=whole_number(1, 100), page=_WORD, expand=_EXPAND)
CREATE_REFUND = hash_of(
    payment_intent=_WORD,
    charge=_WORD,
    amount=whole_number(1),
    reason=one_of("duplicate", "fraudulent", "requested_by_customer"),
    metadata=metadata,
    expand=_EXPAND,
)
LIST_EVENTS = page_of(type=_WORD, types=list_of(_WORD), created=created_filter, delivery_success=flag)
EXPAND_ONLY = hash_of(expand=_EXPAND)
LIST_LINKS = page_of(active=flag)
LIST_INTENTS = page_of(created=created_filter)
LIST_REFUNDS = page_of(payment_intent=_WORD, charge=_WORD, created=created_filter)
LIST_CHARGES = page_of(payment_intent=_WORD, created=created_filter)
LIST_DISPUTES = page_of(payment_intent=_WORD, charge=_WORD, created=created_filter)
LIST_FRAUD_WARNINGS = page_of(payment_intent=_WORD, charge=_WORD, created=created_filter)
LIST_MOVEMENTS = page_of(created=created_filter, currency=text(3), source=_WORD, type=_WORD, payout=_WORD)
LIST_ENDPOINTS = page_of()
LIST_DESTINATIONS = hash_of(include=list_of(one_of("webhook_endpoint.url")), limit=whole_number(1, 100))
LIST_LINES = page_of()
