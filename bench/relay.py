"""The relay: how soon a new one answers, and how many webhooks one core carries."""

from __future__ import annotations

import time

from bench.idle import cpu_s
from bench.measure.machine import machine
from bench.world import function, settings_readers
from bench.world.sales import buy, selling_chain, wait
from simulator.chain.chain import Chain

TITLE = "Relay: cold start, memory, and webhooks per second of one core"
COLD_TARGET_S, WEBHOOKS_TARGET = 0.5, 300


def run(*, quick: bool) -> None:
    """As AWS Lambda runs it, beside its ancestor's way; then as a plain server, with the stand-in Stripe."""
    starts, webhooks = (2, 200) if quick else (10, 3000)
    print(f"On {machine()}.")
    _as_a_function(starts, webhooks // 6)
    for name, read in settings_readers.measure(starts).items():
        print(f"settings read by {name}: median {read.median_ms:.0f} ms of processor time more to begin")
    with selling_chain() as chain:
        rate = _webhooks_per_cpu_s(chain, webhooks)
    print(
        f"as a plain server: {rate:.0f} webhooks per second of processor time, each published and PUBACKed "
        f"(target: over {WEBHOOKS_TARGET})"
    )


def _as_a_function(starts: int, webhooks: int) -> None:
    with function.ways() as ways:
        # In turn, so that both have the same machine.
        found = {name: function.measure(way, starts, webhooks) for name, way in ways.items()}
    for name, figures in found.items():
        target = f" (target: under {COLD_TARGET_S:g} s)" if name == "the relay" else ""
        print(
            f"on Lambda, {name}: process begun to first answer: median {figures.begin.median_ms / 1000:.2f} "
            f"s, worst {figures.begin.worst_ms / 1000:.2f} s{target}, of it the processor's "
            f"{figures.begin_cpu.median_ms / 1000:.2f} s; a webhook: median {figures.webhook.median_ms:.1f} "
            f"ms, worst {figures.webhook.worst_ms:.0f} ms, {figures.per_cpu_s:.0f} per second of processor "
            f"time; memory {figures.memory_mb:.0f} MB"
        )


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
