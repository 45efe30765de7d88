"""What workers might answer, made here: only names and labels that the catalogue declares."""

from collections.abc import Iterator, Mapping

from streams.metrics.catalogue import CATALOGUE, Kind
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import Scrape, scrape

WORKER = "http://worker-1:9108/metrics"
NOON = 1_772_366_400
"""2026-03-01 12:00:00 UTC, seconds: the event time of these tests."""
HOUR = 3600

Series = tuple[str, Mapping[str, str], float]

DECLARED = {
    metric.exported.removeprefix("deskpulse_") + suffix: metric.labels + extra
    for metric in CATALOGUE
    for suffix, extra in (
        ((("_bucket"), ("le",)),)
        if metric.kind in (Kind.HISTOGRAM, Kind.GAUGE_HISTOGRAM)
        else (("", ()),)
    )
}


def one(name: str, value: float, **labels: str) -> Series:
    """A series; a name or label that no worker exports is a mistake of the test."""
    assert set(labels) == set(DECLARED[name]), name
    return name, labels, value


def depth(queue: str, value: float, status: str = "open", priority: str = "normal") -> Series:
    return one("tickets_active", value, queue=queue, status=status, priority=priority)


def partition(number: int, ready: int = 1, watermark: float = NOON) -> list[Series]:
    """The trust of a partition; one that is not restored says only that."""
    label = str(number)
    if not ready:
        return [one("state_ready", 0, partition=label)]
    return [
        one("state_ready", ready, partition=label),
        one("watermark_timestamp_seconds", watermark, partition=label),
    ]


def histogram(name: str, window: str, queue: str, *buckets: tuple[str, float]) -> list[Series]:
    return [one(f"{name}_bucket", n, window=window, queue=queue, le=le) for le, n in buckets]


def text(*series: Series) -> str:
    return "".join(f"{line}\n" for line in _lines(series))


def _lines(series: tuple[Series, ...]) -> Iterator[str]:
    for name, labels, value in series:
        inside = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        yield f"deskpulse_{name}{{{inside}}} {value}"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def numbers(*series: Series) -> Numbers:
    return Numbers.read(text(*series))


def look(*series: Series, before: Scrape | None = None, at_s: float = 0) -> Scrape:
    """One look at one worker; `at_s` is the wall clock."""
    return looks({WORKER: text(*series)}, before, at_s)


def looks(
    answers: Mapping[str, str | OSError], before: Scrape | None = None, at_s: float = 0
) -> Scrape:
    """One look at several workers, some of which may not answer."""

    def fetch(url: str) -> str:
        answer = answers[url]
        if isinstance(answer, OSError):
            raise answer
        return answer

    return scrape(list(answers), before, fetch, lambda: int(at_s * 1000))
