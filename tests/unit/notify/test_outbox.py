"""What one Alertmanager is sent, and when again."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from streams.core.instants import MINUTE
from streams.notify.alerts import Alert, Labels
from streams.notify.outbox import FIRES_FOR, Outbox, Post
from tests.unit.notify.telling import NOW


def alert(name: str, text: str = "") -> Alert:
    return Alert((("alertname", name),), (("summary", text),), NOW, name)


ONE, OTHER = alert("one"), alert("other")


def shown(*alerts: Alert) -> dict[Labels, Alert]:
    return {each.labels: each for each in alerts}


def names(posts: list[Post]) -> list[tuple[str, bool]]:
    return [(post.alert.title, post.ended) for post in posts]


def told(outbox: Outbox, alerts: Mapping[Labels, Alert], now: int) -> list[tuple[str, bool]]:
    """What is due, and is acknowledged at once."""
    posts = outbox.due(alerts, now)
    outbox.delivered(posts, now)
    return names(posts)


def test_an_alert_is_sent_at_once_and_again_after_the_interval() -> None:
    outbox = Outbox(MINUTE)
    sent = [told(outbox, shown(ONE), NOW + after) for after in (0, 1, MINUTE - 1, MINUTE)]
    assert sent == [[("one", False)], [], [], [("one", False)]]


def test_a_firing_alert_ends_by_itself_fifteen_minutes_after_it_was_sent_last() -> None:
    outbox = Outbox(MINUTE)
    (post,) = outbox.due(shown(ONE), NOW)
    assert post.ends_at == NOW + FIRES_FOR
    outbox.delivered([post], NOW)
    (again,) = outbox.due(shown(ONE), NOW + MINUTE)
    assert again.ends_at == NOW + MINUTE + FIRES_FOR
    assert (post.fresh, again.fresh) == (True, False)


def test_what_is_not_acknowledged_stays_due() -> None:
    outbox = Outbox(MINUTE)
    outbox.due(shown(ONE), NOW)
    assert told(outbox, shown(ONE), NOW + 1) == [("one", False)]
    assert told(outbox, {}, NOW + 2) == [("one", True)]


def test_an_ending_is_sent_although_the_alert_may_never_have_arrived() -> None:
    """The request had no answer; it may have arrived."""
    outbox = Outbox(MINUTE)
    outbox.due(shown(ONE), NOW)
    (post,) = outbox.due({}, NOW + 5)
    assert (post.ended, post.ends_at, post.fresh) == (True, NOW + 5, True)


def test_what_an_earlier_process_may_have_sent_ends_unless_it_is_open() -> None:
    outbox = Outbox(MINUTE)
    outbox.may_fire(shown(ONE, OTHER))
    assert told(outbox, shown(OTHER), NOW) == [("other", False), ("one", True)]


def test_an_ending_is_repeated_for_as_long_as_the_alert_could_live_without_it() -> None:
    outbox = Outbox(5 * MINUTE)
    told(outbox, shown(ONE), NOW)
    times = [NOW + 5 * n * MINUTE for n in range(1, 7)]
    posts = []
    for now in times:
        posts.append(outbox.due({}, now))
        outbox.delivered(posts[-1], now)
    assert [[post.ends_at for post in each] for each in posts] == [[times[0]]] * 4 + [[]] * 2


def test_an_alert_that_changes_is_sent_at_once() -> None:
    outbox = Outbox(MINUTE)
    told(outbox, shown(alert("one", "75%")), NOW)
    assert told(outbox, shown(alert("one", "90%")), NOW + 1) == [("one", False)]


def test_an_alert_that_opens_again_is_sent_at_once() -> None:
    outbox = Outbox(MINUTE)
    told(outbox, shown(ONE), NOW)
    told(outbox, {}, NOW + 1)
    assert told(outbox, shown(ONE), NOW + 2) == [("one", False)]


def test_what_changed_while_it_was_sent_is_sent_again() -> None:
    outbox = Outbox(MINUTE)
    posts = outbox.due(shown(ONE), NOW)
    ended = outbox.due({}, NOW + 1)
    outbox.delivered(posts, NOW + 2)
    assert names(outbox.due({}, NOW + 3)) == names(ended) == [("one", True)]


def test_new_alerts_go_before_endings_and_both_before_repetitions() -> None:
    outbox = Outbox(MINUTE)
    told(outbox, shown(alert("old"), alert("over")), NOW)
    posts = outbox.due(shown(alert("old"), alert("new")), NOW + MINUTE)
    assert names(posts) == [("new", False), ("over", True), ("old", False)]


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    outbox = Outbox(MINUTE)
    told(outbox, shown(ONE), NOW)
    assert told(outbox, shown(ONE), NOW - MINUTE) == [("one", False)]


class Receiver:
    """An Alertmanager as far as it matters: by labels, until when an alert fires."""

    def __init__(self) -> None:
        self.ends: dict[Labels, int] = {}

    def take(self, posts: list[Post]) -> None:
        self.ends |= {post.alert.labels: post.ends_at for post in posts}

    def firing(self, now: int) -> set[Labels]:
        return {labels for labels, end in self.ends.items() if end > now}


STEPS = st.lists(
    st.tuples(
        st.sets(st.sampled_from("abc")),
        st.integers(0, 3 * MINUTE),
        st.sampled_from(("lost", "unanswered", "answered", "restarted")),
    )
)


@given(STEPS)
def test_whatever_gets_lost_in_the_end_it_fires_what_is_open(
    steps: list[tuple[set[str], int, str]],
) -> None:
    """Requests and answers are lost, the Alertmanager forgets; then one request gets through."""
    outbox, receiver, now = Outbox(MINUTE), Receiver(), NOW
    for step, (open_ones, passed, fate) in enumerate([*steps, (set("ab"), MINUTE, "answered")]):
        now += passed
        wanted = shown(*map(alert, sorted(open_ones)))
        posts = outbox.due(wanted, now)
        if fate == "restarted":
            receiver = Receiver()
            continue
        if fate != "lost":
            receiver.take(posts)
        if fate == "answered":
            outbox.delivered(posts, now)
        if step == len(steps):
            assert receiver.firing(now) == wanted.keys()
