"""What no single key of sla.yml can tell: names without an owner, days without a length."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from streams.config.problems import Contradiction, Path, likely
from streams.config.promises import calendars_of, open_time_of
from streams.config.sla import Hours, PolicyEntry
from streams.config.sla_values import Amount
from streams.config.values import time_text
from streams.core.calendars import Calendar
from streams.core.policies import RESOLUTION


def broken_promises(
    calendars: Mapping[str, Hours], policies: Sequence[PolicyEntry], zone: tzinfo
) -> Iterator[Contradiction]:
    """Every rule that the policies break among themselves, or with the calendars."""
    for name, entry in calendars.items():
        if not entry.ever_open:
            message = "never open, expected hours of at least one day"
            yield Contradiction((("calendars", name, "hours"),), message)
    built = calendars_of({name: e for name, e in calendars.items() if e.ever_open}, zone)
    for place, policy in enumerate(policies):
        path: Path = ("policies", place)
        yield from _reopening(path, policy)
        if policy.calendar in built:
            yield from _bare_days(path, policy, built[policy.calendar])
        elif policy.calendar not in calendars:
            message = f'found "{policy.calendar}", {likely(policy.calendar, built)}'
            reads = ((*path, "calendar"), ("calendars", policy.calendar))
            yield Contradiction(reads, message)
    yield from _same_names(policies, built)
    yield from _out_of_reach(policies)


def _reopening(path: Path, policy: PolicyEntry) -> Iterator[Contradiction]:
    for clock, target in policy.targets.items():
        if target.on_reopen is not None and clock != RESOLUTION:
            place = (*path, "targets", clock, "on_reopen")
            yield Contradiction((place,), f"stands beside {RESOLUTION} only")


def _bare_days(path: Path, policy: PolicyEntry, calendar: Calendar) -> Iterator[Contradiction]:
    if calendar.always:
        return
    for clock, target in policy.targets.items():
        at = (*path, "targets", clock)
        amounts = [((*at, priority) if priority else at, each) for priority, each in target.amounts]
        left = [((*at, "warn", n), level.left) for n, level in enumerate(target.warn)]
        for place, amount in (*amounts, *left):
            if amount is not None and amount.bare:
                reads = (place, (*path, "calendar"), ("calendars", policy.calendar))
                yield Contradiction(reads, _two_readings(amount, calendar))


def _two_readings(amount: Amount, calendar: Calendar) -> str:
    days = amount.number
    average = "one average open day" if days == 1 else f"{days} average open days"
    length = time_text(open_time_of(Amount("", days, days=True), calendar))
    return (
        f'found "{amount}", write {24 * days}bh for {24 * days} hours of open time '
        f"or {days}bd for {average} ({length})"
    )


def _same_names(
    policies: Sequence[PolicyEntry], calendars: Mapping[str, Calendar]
) -> Iterator[Contradiction]:
    seen: dict[tuple[str, int | None], int] = {}
    for place, policy in enumerate(policies):
        calendar, since = calendars.get(policy.calendar), policy.effective_from
        if calendar is None:
            continue
        key = policy.name, None if since is None else since.instant(calendar.zone)
        first = seen.setdefault(key, place)
        if first != place:
            message = (
                f"found the name of policies[{first}], expected another effective_from or name"
            )
            yield Contradiction((("policies", place, "name"),), message)


def _out_of_reach(policies: Sequence[PolicyEntry]) -> Iterator[Contradiction]:
    for place, policy in enumerate(policies[:-1]):
        if policy.effective_from is None and not any(policy.when.conditions):
            message = f'never reached: policies[{place}], "{policy.name}", matches every ticket'
            for later in range(place + 1, len(policies)):
                yield Contradiction((("policies", later),), message)
            return
