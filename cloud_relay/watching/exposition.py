"""EDGE. Figures as Prometheus reads them, by its own library, imported when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from cloud_relay.memory.tally import Key, Spreads

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "arcade_relay_"


@dataclass(frozen=True)
class Counts:
    """Something that is counted, by labels; its name gets `_total` behind it."""

    name: str
    words: str
    labels: tuple[str, ...]
    counts: Mapping[Key, int]


@dataclass(frozen=True)
class Times:
    """Seconds that something took, by labels."""

    name: str
    words: str
    labels: tuple[str, ...]
    spreads: Spreads


@dataclass(frozen=True)
class Gauge:
    """Something as it is now, by labels; what is not known has no value."""

    name: str
    words: str
    labels: tuple[str, ...]
    values: Mapping[Key, float]


Figure = Counts | Times | Gauge


def exposition(figures: Iterable[Figure]) -> bytes:
    """The page that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterator[Metric]:
        yield from (_family(figure) for figure in self._figures)


def _family(figure: Figure) -> Metric:
    name, words, labels = PREFIX + figure.name, figure.words, figure.labels
    match figure:
        case Counts():
            counter = CounterMetricFamily(name, words, labels=labels)
            for key, count in sorted(figure.counts.items()):
                counter.add_metric(key, count)
            return counter
        case Gauge():
            gauge = GaugeMetricFamily(name, words, labels=labels)
            for key, value in sorted(figure.values.items()):
                gauge.add_metric(key, value)
            return gauge
        case Times():
            return _histogram(figure, HistogramMetricFamily(name, words, labels=labels))


def _histogram(figure: Times, family: HistogramMetricFamily) -> Metric:
    bounds = [*(str(bound) for bound in figure.spreads.bounds), "+Inf"]
    for key, spread in sorted(figure.spreads.spreads().items()):
        family.add_metric(key, list(zip(bounds, spread.up_to, strict=True)), spread.total)
    return family
