"""Sending alerts to one Alertmanager (API v2) until it acknowledges them.

What can go wrong is of two kinds. A request that is *refused* (400, 413, 422) has an alert in
it that Alertmanager does not want; the others go without it. Everything else - no connection,
no answer in time, any other status - concerns all alerts and is tried again, ever more slowly.
Each trouble is logged once, and so is its end.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import aiohttp

from streams.access import authorization, client_context
from streams.clock import Clock
from streams.config.notify import Notify
from streams.core.instants import format_rfc3339
from streams.notify.alerts import Alert, Labels
from streams.notify.outbox import Outbox, Post
from streams.wire.codec import dumps

log = logging.getLogger("deskpulse")

BATCH: Final = 64
"""Alerts in one request, at most."""
TIMEOUT_S: Final = 10.0
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
LOOK_S: Final = 1.0
"""How often it is asked which alerts have to be sent again."""

REFUSED: Final = frozenset({400, 413, 422})
HINTS: Final[Mapping[int, str]] = {
    401: "check notify.username and notify.password, or notify.token",
    403: "check the rights of notify.username, or of notify.token",
    404: "check notify.alertmanagers: the address, with its path if it has one",
    405: "check notify.alertmanagers: this is no Alertmanager 0.16 or newer",
}
"""By status: what to do. Whoever redirects is named as such: nothing is sent elsewhere."""


class Transport(Protocol):
    """Posts a body to an address; returns the status, raises `OSError` without an answer."""

    async def post(self, url: str, body: bytes) -> int:
        """One request, one answer."""


class Http:
    """HTTP over one pool of connections, with the credentials of the configuration."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, url: str, body: bytes) -> int:
        """Post JSON. Redirections are answers: a POST would be repeated as a GET."""
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as answer:
                return answer.status
        except TimeoutError:
            raise OSError(f"no answer within {TIMEOUT_S:.0f} s") from None
        except aiohttp.ClientError as error:
            raise OSError(f"{type(error).__name__}: {error}") from None


@asynccontextmanager
async def http(notify: Notify) -> AsyncIterator[Http]:
    """Connections while the block runs. TLS is verified; secrets are read here, and nowhere kept.

    Raises `UserError` or `ConfigError` where a certificate or a secret cannot be read.
    """
    async with aiohttp.ClientSession(
        headers=headers(notify),
        connector=aiohttp.TCPConnector(ssl=client_context("notify", notify.cafile)),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Http(session)


def headers(notify: Notify) -> dict[str, str]:
    """The headers of every request, credentials included."""
    found = {"Content-Type": "application/json", "User-Agent": "deskpulse"}
    credentials = authorization(notify.username, notify.password, notify.token)
    return found if credentials is None else found | {"Authorization": credentials}


class Alertmanager:
    """One Alertmanager that is kept up to date."""

    def __init__(self, url: str, resend: int, transport: Transport, clock: Clock) -> None:
        """`url` is its address without the path of the API; `resend` in milliseconds."""
        self.url = url
        self._outbox = Outbox(resend)
        self._transport = transport
        self._clock = clock
        self._alerts: Mapping[Labels, Alert] | None = None
        self._news = asyncio.Event()
        self._trouble = ""
        self._refused: set[Labels] = set()

    def may_fire(self, alerts: Mapping[Labels, Alert]) -> None:
        """These may have been sent by an earlier process; they end unless they are shown."""
        self._outbox.may_fire(alerts)

    def show(self, alerts: Mapping[Labels, Alert]) -> None:
        """These are the open alerts from now on."""
        self._alerts = alerts
        self._news.set()

    async def keep(self) -> None:
        """Send what is due, for ever. Nothing is sent before the first `show`."""
        pause = FIRST_PAUSE_S
        while True:
            if await self.send():
                pause = FIRST_PAUSE_S
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_S)
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    async def send(self) -> bool:
        """Send everything that is due now, in batches; false when it has to be tried again."""
        self._news.clear()
        if self._alerts is None:
            return True
        posts = self._outbox.due(self._alerts, self._clock())
        self._refused &= {post.alert.labels for post in posts} | set(self._alerts)
        for start in range(0, len(posts), BATCH):
            if not await self._deliver(posts[start : start + BATCH]):
                return False
        return True

    async def _deliver(self, posts: Sequence[Post]) -> bool:
        """Send one batch; where it is refused, the halves of it."""
        now = self._clock()
        try:
            status = await self._transport.post(
                f"{self.url}/api/v2/alerts", dumps([payload(post, now) for post in posts])
            )
        except OSError as error:
            self._in_trouble(str(error))
            return False
        if status in REFUSED and len(posts) > 1:
            middle = len(posts) // 2
            return await self._deliver(posts[:middle]) and await self._deliver(posts[middle:])
        if status not in REFUSED and not 200 <= status < 300:
            self._in_trouble(_explained(status))
            return False
        self._out_of_trouble()
        # A refused alert is left alone until it would be sent again anyway.
        self._outbox.delivered(posts, self._clock())
        self._tell(posts, status)
        return True

    def _tell(self, posts: Sequence[Post], status: int) -> None:
        for post in posts:
            if status in REFUSED:
                if post.alert.labels not in self._refused:
                    self._refused.add(post.alert.labels)
                    log.error(
                        "%s refuses %s with status %d, the others go on; its log says why",
                        self.url, post.alert.title, status,
                    )  # fmt: skip
            elif post.fresh:
                log.info("%s %s: %s", post.alert.title, "ended" if post.ended else "open", self.url)

    def _in_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("%s: %s; tried again until it answers", self.url, trouble)
            self._trouble = trouble

    def _out_of_trouble(self) -> None:
        if self._trouble:
            log.info("%s answers again", self.url)
            self._trouble = ""


def payload(post: Post, now: int) -> dict[str, Any]:
    """An alert as the API takes it; it must not start in the future, nor after its end."""
    starts_at = min(post.alert.since, post.ends_at if post.ended else now)
    return {
        "labels": dict(post.alert.labels),
        "annotations": dict(post.alert.annotations),
        "startsAt": format_rfc3339(starts_at),
        "endsAt": format_rfc3339(post.ends_at),
    }


def _explained(status: int) -> str:
    if 300 <= status < 400:
        return f"status {status}, it redirects; write the address it names"
    hint = HINTS.get(status)
    return f"status {status}; {hint}" if hint else f"status {status}"
