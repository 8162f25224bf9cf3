"""The relay: how soon a new one answers, and how many webhooks one core carries."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.idle import cpu_s
from bench.machine import machine
from bench.sales import buy, selling_chain, wait
from bench.spread import spread
from simulator.chain.chain import Chain

TITLE = "Relay: cold start, and webhooks per second of one core"
COLD_TARGET_S, WEBHOOKS_TARGET = 0.5, 300
# As AWS calls it: the clock runs from before the first import to the answer.
_COLD = """
import time
began_s = time.perf_counter()
from cloud_relay.lambda_handler import handler
http = {"method": "GET", "path": "/status", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
        "userAgent": "bench"}
event = {"version": "2.0", "routeKey": "$default", "rawPath": "/status", "rawQueryString": "", "headers": {},
         "requestContext": {"http": http, "domainName": "bench"}, "isBase64Encoded": False}
assert handler(event, None)["statusCode"] == 200
print(time.perf_counter() - began_s)
"""


def run(*, quick: bool) -> None:
    """On a relay with its broker and the stand-in Stripe."""
    starts, webhooks = (2, 200) if quick else (10, 3000)
    with selling_chain() as chain:
        cold = spread([_cold_start_ms(chain) for _ in range(starts)])
        rate = _webhooks_per_cpu_s(chain, webhooks)
    print(f"On {machine()}.")
    print(
        f"import to first answer: median {cold.median_ms / 1000:.2f} s, worst {cold.worst_ms / 1000:.2f} s "
        f"(target: under {COLD_TARGET_S:g} s)"
    )
    print(
        f"webhooks: {rate:.0f} per second of processor time, each published and PUBACKed "
        f"(target: over {WEBHOOKS_TARGET})"
    )


def _cold_start_ms(chain: Chain) -> float:
    environment = {**os.environ, **chain.relay_environment}
    command = [sys.executable, "-c", _COLD]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return float(said) * 1000


def _webhooks_per_cpu_s(chain: Chain, count: int) -> float:
    """One payment's webhook, so many times over: within its window each is verified and published anew."""
    chain.stripe.webhooks.deliver_copies(count)
    began_s, delivered = cpu_s([chain.relay.pid]), len(chain.stripe.webhooks.log)
    buy(chain, 1)
    chain.stripe.webhooks.deliver_copies(1)
    last = time.monotonic()
    while chain.stripe.webhooks.undelivered:
        if time.monotonic() - last > 300:
            raise TimeoutError("the relay did not take its webhooks")
        time.sleep(0.05)
    wait(lambda: len(chain.stripe.webhooks.log) >= delivered + count, "the last webhook")
    return (len(chain.stripe.webhooks.log) - delivered) / (cpu_s([chain.relay.pid]) - began_s)
