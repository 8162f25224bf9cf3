"""CORE. What Stripe charges in: the currencies, and how little, how much and in which steps of each.

Source: https://docs.stripe.com/currencies . The least charge depends on what the account settles in, which is
not known here: a currency that accounts settle in has its own, any other has to be worth as much.
"""

from __future__ import annotations

from cloud_relay.rules.charges import SETTLED_IN, least_charge, smallest_step

# What is worth 0.45 US dollars, in minor units: less than Stripe's least charge of 0.50, for rates move.
_WORTH_ALMOST_HALF_A_DOLLAR = {
    "afn": 3100, "all": 3800, "amd": 17000, "ang": 81, "aoa": 41000, "ars": 63000, "awg": 81, "azn": 76,
    "bam": 76, "bbd": 90, "bdt": 5400, "bhd": 160, "bif": 1300, "bmd": 45, "bnd": 58, "bob": 310, "bsd": 45,
    "bwp": 600, "byn": 140, "bzd": 90, "cdf": 100000, "clp": 420, "cny": 310, "cop": 180000, "crc": 22000,
    "cve": 4200, "djf": 80, "dop": 2700, "dzd": 5800, "egp": 2100, "etb": 6500, "fjd": 100, "fkp": 33,
    "gel": 120, "gip": 33, "gmd": 3200, "gnf": 3800, "gtq": 340, "gyd": 9400, "hnl": 1100, "htg": 5800,
    "idr": 740000, "ils": 150, "isk": 5500, "jmd": 7200, "jod": 310, "kes": 5800, "kgs": 3900,
    "khr": 180000, "kmf": 190, "krw": 630, "kwd": 130, "kyd": 37, "kzt": 23000, "lak": 970000,
    "lbp": 4000000, "lkr": 13000, "lrd": 8300, "lsl": 780, "mad": 410, "mdl": 750, "mga": 2000, "mkd": 2300,
    "mmk": 94000, "mnt": 160000, "mop": 360, "mur": 2000, "mvr": 690, "mwk": 78000, "mzn": 2800, "nad": 780,
    "ngn": 66000, "nio": 1600, "npr": 6300, "omr": 170, "pab": 45, "pen": 150, "pgk": 180, "php": 2600,
    "pkr": 12000, "pyg": 3100, "qar": 160, "rsd": 4500, "rub": 3600, "rwf": 650, "sar": 160, "sbd": 370,
    "scr": 630, "shp": 33, "sle": 1000, "sos": 25000, "srd": 1700, "std": 960000, "szl": 780, "tjs": 410,
    "tnd": 1300, "top": 100, "try": 1800, "ttd": 300, "twd": 1300, "tzs": 110000, "uah": 1800,
    "ugx": 150000, "uyu": 1700, "uzs": 540000, "vnd": 11000, "vuv": 54, "wst": 120, "xaf": 250, "xcd": 120,
    "xcg": 81, "xof": 250, "xpf": 45, "yer": 10000, "zar": 770, "zmw": 1000,
}  # fmt: skip
# Eight digits, and more where the unit is small: as many as a payment's metadata is read back with.
_MOST, _MOST_OF_SMALL_UNITS = 99_999_999, 999_999_999
_SMALL_UNITS = frozenset({"cop", "huf", "idr", "inr", "jpy", "lbp"})


def is_currency(currency: str) -> bool:
    """Whether Stripe charges in it."""
    return currency in SETTLED_IN or currency in _WORTH_ALMOST_HALF_A_DOLLAR


def price_problem(amount: int, currency: str) -> str | None:
    """What is wrong with a price in minor units, and what would be right; None where Stripe charges it."""
    least = _WORTH_ALMOST_HALF_A_DOLLAR.get(currency) or least_charge(currency)
    most = _MOST_OF_SMALL_UNITS if currency in _SMALL_UNITS else _MOST
    step = smallest_step(currency)
    if not least <= amount <= most:
        steps = f" in steps of {step}" if step > 1 else ""
        return f"write whole minor units of {currency}{steps}, {least} to {most - most % step}"
    if amount % step:
        below = amount - amount % step
        near = [price for price in (below, below + step) if least <= price <= most]
        return f"Stripe charges {currency} in steps of {step}: write {' or '.join(map(str, near))}"
    return None
