"""Asking workers for their numbers, and what is worth remembering between two answers.

A worker that stops answering is no error: its numbers leave the sums (another worker takes
its partitions over) and it is known since when. If all of them are silent, the last numbers
stand. Instants of workers and scrapes are wall clock, epoch milliseconds; the instant of the
data is event time.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Final
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from streams.clock import Clock, wall_ms
from streams.config.values import is_loopback
from streams.metrics.numbers import Numbers

TIMEOUT_S: Final = 2.0

Fetch = Callable[[str], str]
"""Returns the exposition behind an address; raises `OSError` or `ValueError`."""


class NoAnswerError(OSError):
    """No worker answers, or what answers is none; the text says why, address by address."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker as seen from here."""

    url: str
    answered_ms: int | None
    """When it answered last; `None` if it never did."""
    events: float = 0.0
    """`events_total` in that answer."""
    problem: str = ""
    """Why it does not answer now; empty if it does."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The most active tickets seen since watching began."""

    depth: int
    at_ms: int | None
    """Event time; `None` while no partition knows it."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """One look at all workers."""

    at_ms: int
    workers: tuple[Worker, ...]
    numbers: Numbers
    peak: Peak

    @property
    def as_of_ms(self) -> int | None:
        """The newest instant the data speak of (event time); ages count from here."""
        return _as_of_ms(self.numbers)

    def events_per_second(self, before: "Scrape") -> float | None:
        """Events processed per wall second since an earlier look; `None` if unknown.

        Only workers that answered both times count, so that one that comes or goes does not
        look like a burst; one that restarted counts from zero.
        """
        earlier = {one.url: one for one in before.workers if not one.problem}
        both = [one for one in self.workers if not one.problem and one.url in earlier]
        if not both or self.at_ms <= before.at_ms:
            return None
        gained = (
            one.events - was if one.events >= (was := earlier[one.url].events) else one.events
            for one in both
        )
        return sum(gained) * 1000 / (self.at_ms - before.at_ms)


def fetch(url: str, credentials: str | None = None) -> str:
    """The exposition behind an address, within two seconds; raises `OSError` or `ValueError`.

    `credentials` is an `Authorization` header. It is not sent on to where an answer points, nor
    in the clear to another machine.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError("write the address like http://worker-1:9108/metrics")
    request = Request(url, headers={"Accept": "text/plain"})  # noqa: S310 - checked above
    if credentials is not None:
        if request.type == "http" and not is_loopback(request.host.rpartition(":")[0]):
            raise ValueError("write the address with https: credentials go with it")
        # The library sends Latin-1, and text is UTF-8 here.
        request.add_unredirected_header("Authorization", credentials.encode().decode("latin-1"))
    with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
        body: bytes = answer.read()
    return body.decode()


# Workers are neighbours: a proxy for the outside world does not reach them.
_OPENER: Final[OpenerDirector] = build_opener(ProxyHandler({}))


def scrape(
    urls: Sequence[str],
    before: Scrape | None = None,
    fetch: Fetch = fetch,
    clock: Clock = wall_ms,
) -> Scrape:
    """Ask all workers at once; `before` is the previous look, for what is remembered.

    Raises `NoAnswerError` if none answers and there is no previous look to fall back on.
    """
    urls = list(dict.fromkeys(urls))
    with ThreadPoolExecutor(len(urls)) as pool:
        answers = dict(zip(urls, pool.map(lambda url: _ask(url, fetch), urls), strict=True))
    heard = {url: answer for url, answer in answers.items() if isinstance(answer, Numbers)}
    at_ms = clock()
    if heard:
        numbers = Numbers.together(heard.values())
    elif before is not None:
        numbers = before.numbers
    else:
        raise NoAnswerError("; ".join(f"{url}: {problem}" for url, problem in answers.items()))
    known = {} if before is None else {worker.url: worker for worker in before.workers}
    workers = tuple(_worker(url, answer, at_ms, known.get(url)) for url, answer in answers.items())
    return Scrape(at_ms, workers, numbers, _peak(numbers, before))


def _ask(url: str, fetch: Fetch) -> Numbers | str:
    """The numbers of one worker, or why there are none."""
    try:
        text = fetch(url)
    except (OSError, HTTPException, ValueError) as error:
        # urllib wraps the reason, and the wrapper says nothing more.
        reason = getattr(error, "reason", error)
        return getattr(reason, "strerror", None) or str(reason) or type(error).__name__
    try:
        numbers = Numbers.read(text)
    except ValueError:
        numbers = Numbers({})
    return numbers or "answers, but not with deskpulse's numbers"


def _worker(url: str, answer: Numbers | str, at_ms: int, known: Worker | None) -> Worker:
    if isinstance(answer, Numbers):
        return Worker(url, at_ms, answer.value("events_total") or 0)
    if known is None:
        return Worker(url, None, problem=answer)
    return replace(known, problem=answer)


def _peak(numbers: Numbers, before: Scrape | None) -> Peak:
    depth = int(numbers.value("tickets_active") or 0)
    if before is not None and before.peak.depth >= depth:
        return before.peak
    return Peak(depth, _as_of_ms(numbers))


def _as_of_ms(numbers: Numbers) -> int | None:
    newest = numbers.value("watermark_timestamp_seconds")
    return int(newest * 1000) if newest else None
