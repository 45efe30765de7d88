"""What one Alertmanager has to be sent, and when again.

An alert is sent at once when it opens, changes or ends, and again after a while: Alertmanager
keeps no alerts over a restart, and takes one that it does not hear of any more for ended. What
has ended is repeated for as long as a lost ending would keep the alert alive; the repetition
carries the same instant, so that a clock of another machine that is a little behind ends it
the second time.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from streams.core.instants import MINUTE
from streams.notify.alerts import Alert, Labels

FIRES_FOR: Final = 15 * MINUTE
"""An alert that is not sent again ends so long after it was sent last."""


class Post(NamedTuple):
    """One alert on its way to an Alertmanager."""

    alert: Alert
    ends_at: int
    ended: bool
    fresh: bool
    """Said for the first time: it opened or ended, and was not acknowledged yet."""


class _Sent(NamedTuple):
    """How an alert stands with one Alertmanager."""

    alert: Alert
    ended_at: int | None
    """`None` while it fires."""
    acknowledged_at: int | None
    """Of this very state; `None` until then."""


class Outbox:
    """What one Alertmanager was sent, against what is open."""

    def __init__(self, resend: int) -> None:
        """`resend` is in milliseconds."""
        self._resend = resend
        self._sent: dict[Labels, _Sent] = {}

    def may_fire(self, alerts: Mapping[Labels, Alert]) -> None:
        """Somebody else, such as an earlier process, may have sent these before."""
        for labels, alert in alerts.items():
            self._sent.setdefault(labels, _Sent(alert, None, None))

    def due(self, alerts: Mapping[Labels, Alert], now: int) -> list[Post]:
        """What has to be sent now, what is new first; they count as on their way from here on.

        An ending is sent even where the alert itself never got through for sure: a request
        without an answer may have arrived.
        """
        for labels, alert in alerts.items():
            sent = self._sent.get(labels)
            if sent is None or sent.alert != alert or sent.ended_at is not None:
                self._sent[labels] = _Sent(alert, None, None)
        for labels in [labels for labels in self._sent if labels not in alerts]:
            self._end(labels, now)
        posts = [self._post(sent, now) for sent in self._sent.values() if self._is_due(sent, now)]
        return sorted(posts, key=lambda post: (not post.fresh, post.ended))

    def delivered(self, posts: Sequence[Post], now: int) -> None:
        """The Alertmanager has acknowledged these; an alert that changed meanwhile stays due."""
        for post in posts:
            sent = self._sent.get(post.alert.labels)
            if sent is None or sent.alert != post.alert:
                continue
            if post.ended == (sent.ended_at is not None):
                self._sent[post.alert.labels] = sent._replace(acknowledged_at=now)

    def _end(self, labels: Labels, now: int) -> None:
        sent = self._sent[labels]
        if sent.ended_at is None:
            self._sent[labels] = _Sent(sent.alert, now, None)
        elif sent.acknowledged_at is not None and now - sent.ended_at > FIRES_FOR:
            del self._sent[labels]

    def _is_due(self, sent: _Sent, now: int) -> bool:
        at = sent.acknowledged_at
        # A clock that was set back must not keep anything from being sent.
        return at is None or not 0 <= now - at < self._resend

    @staticmethod
    def _post(sent: _Sent, now: int) -> Post:
        ended = sent.ended_at is not None
        ends_at = now + FIRES_FOR if sent.ended_at is None else sent.ended_at
        return Post(sent.alert, ends_at, ended, fresh=sent.acknowledged_at is None)
