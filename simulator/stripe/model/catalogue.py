"""CORE. Products and prices: made, found again by lookup key, and changed.

Source: https://docs.stripe.com/api/products , https://docs.stripe.com/api/prices and
https://docs.stripe.com/products-prices/manage-prices (lookup keys).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.money import check_currency
from simulator.stripe.model.objects.table import Price, Product
from simulator.stripe.model.params import merge_metadata


def create_product(book: Book, params: Json, now_s: int) -> Product:
    """A product; its maker may choose its id, which nothing else may have."""
    product_id = params.get("id") or book.new_id("prod", 14)
    if product_id in book.products:
        raise Refusal(f"Product already exists: {product_id}", "resource_already_exists", "id")
    product = Product(
        product_id,
        now_s,
        params["name"],
        metadata=merge_metadata({}, params.get("metadata", {})),
        description=params.get("description"),
        active=params.get("active", True),
        statement_descriptor=params.get("statement_descriptor"),
    )
    return book.save(product, now_s)


def update_product(book: Book, product_id: str, params: Json, now_s: int) -> Product:
    """Rename it, archive it, or bring it back."""
    product = book.get(Product, product_id, param="id")
    changes = _changes(product, params, "name", "active", "description")
    return book.save(replace(product, updated=now_s, **changes), now_s)


def create_price(book: Book, params: Json, now_s: int) -> Price:
    """A price for one unit of a product, named by `product` or made from `product_data`."""
    if ("product" in params) == ("product_data" in params):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise Refusal(message, "parameter_missing", "product")
    if "product" in params:
        product = book.get(Product, params["product"], param="product", status=400)
    else:
        product = create_product(book, params["product_data"], now_s)
    _free(book, params)
    price = Price(
        id=book.new_id("price"),
        created=now_s,
        unit_amount=params["unit_amount"],
        currency=check_currency(params["currency"], "currency"),
        product=product.id,
        product_name=product.name,
        metadata=merge_metadata({}, params.get("metadata", {})),
        nickname=params.get("nickname"),
        active=params.get("active", True),
        currency_options=_options(params.get("currency_options", {})),
        lookup_key=params.get("lookup_key"),
    )
    return book.save(price, now_s)


def update_price(book: Book, price_id: str, params: Json, now_s: int) -> Price:
    """Archive it, note something, or move a lookup key to it; amount and currency are for ever."""
    price = book.get(Price, price_id, param="price")
    _free(book, params, but=price_id)
    price = book.get(Price, price_id, param="price")
    changes = _changes(price, params, "active", "nickname", "lookup_key")
    return book.save(replace(price, **changes), now_s)


def _changes(thing: Product | Price, params: Json, *names: str) -> dict[str, Any]:
    changes = {name: params[name] for name in names if name in params}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(thing.metadata, params["metadata"])
    return changes


def _free(book: Book, params: Json, but: str = "") -> None:
    """Take the asked lookup key from the price that has it, where that is asked too."""
    key = params.get("lookup_key")
    holders = [price for price in book.prices.values() if key and price.lookup_key == key and price.id != but]
    for holder in holders:
        if not params.get("transfer_lookup_key"):
            message = f"A price (`{holder.id}`) already uses that lookup key."
            raise Refusal(message, None, "lookup_key")
        book.prices[holder.id] = replace(holder, lookup_key=None)


def _options(options: Json) -> dict[str, int]:
    return {
        check_currency(currency, f"currency_options[{currency}]"): option["unit_amount"]
        for currency, option in options.items()
    }
