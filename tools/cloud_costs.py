"""CORE. What the cloud costs a month, from published prices and counted requests, for docs/cloud.md.

Prices are those of us-east-1 in US dollars, as published in November 2026 on aws.amazon.com (/lambda/pricing,
/api-gateway/pricing, /cloudwatch/pricing), docs.emqx.com/en/cloud/latest/price/pricing.html and
stripe.com/pricing.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.rules.selling.fees import fee_of

# What is assumed of a machine and of a sale.
SALES_A_MONTH, PRICE = 300, 200
DAYS = 30
MINUTES = DAYS * 24 * 60
# Of one sale: the door, its button, two webhooks, the page after paying with three looks, the receipt.
REQUESTS_A_SALE, SECONDS_A_SALE = 9, 2.9
# A cabinet asks for its offer every five minutes.
OFFERS_A_MACHINE, SECONDS_AN_OFFER = MINUTES // 5, 0.03
# Tidy runs each minute, whoever sells.
SECONDS_A_TIDY = 0.3
MEMORY_GB = 0.5
LOG_BYTES_A_REQUEST = 800
BROKER_BYTES_A_MINUTE = 500
RELAYS = 2

MILLION, GB = 1_000_000, 1_000_000_000
LAMBDA_REQUEST, LAMBDA_GB_SECOND = 0.20 / MILLION, 0.0000133334
LAMBDA_FREE_REQUESTS, LAMBDA_FREE_GB_SECONDS = MILLION, 400_000
API_FIRST, API_MORE, API_FIRST_REQUESTS = 1.00 / MILLION, 0.90 / MILLION, 300 * MILLION
LOG_GB, LOG_FREE_GB = 0.50, 5
EMQX_MINUTE, EMQX_FREE_MINUTES = 2.00 / MILLION, MILLION
EMQX_GB, EMQX_FREE_GB = 0.15, 1
# EMQX Serverless has so many logins; beyond, three servers of our own for an EMQX cluster, about.
EMQX_MOST_LOGINS, EMQX_CLUSTER = 2000, 3 * 150


@dataclass(frozen=True)
class Costs:
    """Dollars a month for a number of machines."""

    machines: int

    @property
    def sales(self) -> int:
        """All that is sold in a month."""
        return self.machines * SALES_A_MONTH

    @property
    def requests(self) -> int:
        """What reaches the API."""
        return self.sales * REQUESTS_A_SALE + self.machines * OFFERS_A_MACHINE

    @property
    def gb_seconds(self) -> float:
        """What the function runs, by its memory."""
        seconds = self.sales * SECONDS_A_SALE + self.machines * OFFERS_A_MACHINE * SECONDS_AN_OFFER
        return MEMORY_GB * (seconds + MINUTES * SECONDS_A_TIDY)

    @property
    def aws(self) -> float:
        """Function, API and logs; alarms and dashboard are within what is free."""
        calls = self.requests + MINUTES
        function = LAMBDA_REQUEST * max(0, calls - LAMBDA_FREE_REQUESTS)
        function += LAMBDA_GB_SECOND * max(0.0, self.gb_seconds - LAMBDA_FREE_GB_SECONDS)
        first = min(self.requests, API_FIRST_REQUESTS)
        api = API_FIRST * first + API_MORE * (self.requests - first)
        return function + api + LOG_GB * max(0.0, calls * LOG_BYTES_A_REQUEST / GB - LOG_FREE_GB)

    @property
    def is_serverless(self) -> bool:
        """Whether EMQX Serverless has logins enough."""
        return self.machines + RELAYS <= EMQX_MOST_LOGINS

    @property
    def emqx(self) -> float:
        """The broker."""
        if not self.is_serverless:
            return EMQX_CLUSTER
        minutes = (self.machines + RELAYS) * MINUTES
        traffic_gb = self.machines * MINUTES * BROKER_BYTES_A_MINUTE / GB
        return EMQX_MINUTE * max(0, minutes - EMQX_FREE_MINUTES) + EMQX_GB * max(
            0.0, traffic_gb - EMQX_FREE_GB
        )

    @property
    def stripe(self) -> float:
        """Its fees."""
        return self.sales * (fee_of(PRICE, "usd") or 0) / 100

    def per_1000(self, dollars: float) -> float:
        """Of a thousand payments."""
        return dollars * 1000 / self.sales


def table() -> str:
    """What a month costs, and in brackets what a thousand payments cost."""
    rows = ["| machines | payments a month | AWS | broker | Stripe |", "|---|---|---|---|---|"]
    for machines in (1, 50, 500, 50_000):
        costs = Costs(machines)
        parts = (_cell(costs, costs.aws), _cell(costs, costs.emqx), _cell(costs, costs.stripe))
        rows.append(f"| {machines:,} | {costs.sales:,} | {' | '.join(parts)} |")
    return "\n".join(rows)


def sums(machines: int) -> str:
    """How the figures of one row come about, in words."""
    costs = Costs(machines)
    calls = costs.requests + MINUTES
    logs_gb = calls * LOG_BYTES_A_REQUEST / GB
    return "\n".join(
        [
            f"- API: {costs.sales:,} sales x {REQUESTS_A_SALE} requests, and {machines:,} cabinets x "
            f"{OFFERS_A_MACHINE:,} questions for their offer: {costs.requests:,} requests.",
            f"- Function: these and {MINUTES:,} runs of tidy; {costs.gb_seconds:,.0f} GB-seconds, of which "
            f"{LAMBDA_FREE_GB_SECONDS:,} are free.",
            f"- Logs: {LOG_BYTES_A_REQUEST} bytes a request, {logs_gb:.1f} GB; {LOG_FREE_GB} are free.",
            f"- Broker: {machines + RELAYS:,} sessions x {MINUTES:,} minutes; {EMQX_FREE_MINUTES:,} are "
            f"free; each cabinet renews its status every minute, {BROKER_BYTES_A_MINUTE} bytes.",
            f"- Stripe: {fee_of(PRICE, 'usd')} cents of each $2.00.",
        ]
    )


def _cell(costs: Costs, dollars: float) -> str:
    return f"${dollars:,.2f} (${costs.per_1000(dollars):,.2f})"
