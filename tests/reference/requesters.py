"""Repeat contacts: what only several tickets of one requester can tell."""

from collections.abc import Iterator, Sequence

from tests.reference import credit
from tests.reference.facts import Fact
from tests.reference.journey import first_contact
from tests.reference.settings import Settings
from tests.reference.ticket import Steps, creation, resolutions

Topic = tuple[str, str]


def topic(steps: Steps) -> Topic | None:
    """Requester and category, as they are now; None where one of them is missing.

    More than 128 characters are no customer's id.
    """
    now = steps[-1].after.attributes
    requester, category = str(now.get("requester") or ""), str(now.get("category") or "")
    return (requester, category) if 0 < len(requester) <= 128 and category else None


def repeats(tickets: Sequence[Steps], settings: Settings) -> Iterator[Fact]:
    """Of all tickets together: who came again about the same, and after which first contact."""
    for steps in tickets:
        about, created = topic(steps), creation(steps)
        others = [other for other in tickets if other is not steps and topic(other) == about]
        if about is None:
            continue
        if created and any(
            0 <= created.time_ms - resolved.time_ms <= settings.repeat_window_ms
            for other in others
            for resolved in _ends(other)
        ):
            agent = credit.assignee(created)
            yield Fact("repeat", created.after.attributes, created.time_ms, agent=agent)
        if not first_contact(steps, settings):
            continue
        first = resolutions(steps)[0]
        came = [created for other in others if (created := creation(other))]
        if any(0 < c.time_ms - first.time_ms <= settings.fcr_window_ms for c in came):
            agent = credit.of_resolution(steps, first, settings)
            yield Fact("repeated", first.after.attributes, first.time_ms, agent=agent)


def _ends(steps: Steps) -> Steps:
    """The first and the last resolution: of a ticket that came back often, those are kept."""
    found = resolutions(steps)
    return [*found[:1], *found[-1:]]
