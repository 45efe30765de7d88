"""Which letters a command is about, and what they come to: counts, a list, a plan."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import tzinfo
from heapq import heappush, heappushpop

from streams.cli.letters import aligned, escaped, meaning, told
from streams.wire.replaying import STAYS, Place, Stored


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters a command is about."""

    reasons: frozenset[str]
    """None of them is any reason."""
    partition: int | None
    since: int | None
    until: int | None

    def takes(self, stored: Stored) -> bool:
        """Whether this letter is one of them."""
        kind = stored.reason.partition(":")[0]
        return (
            (not self.reasons or stored.reason in self.reasons or kind in self.reasons)
            and self.partition in {None, _number(stored.said.get("partition", ""))}
            and (self.since is None or stored.at >= self.since)
            and (self.until is None or stored.at < self.until)
        )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


@dataclass(slots=True)
class _Line:
    """What is told of one reason."""

    letters: int = 0
    went_back: int = 0
    first: int = sys.maxsize
    last: int = 0


@dataclass(slots=True)
class Overview:
    """The letters of a choice by reason, and the latest of them."""

    most: int
    lines: dict[str, _Line] = field(default_factory=dict)
    latest: list[tuple[int, Place, Stored]] = field(default_factory=list)
    reasons: dict[Place, str] = field(default_factory=dict)
    """Of those that did not go back."""

    def add(self, stored: Stored) -> None:
        """Count a letter."""
        line = self.lines.setdefault(stored.reason, _Line())
        line.letters += 1
        line.first, line.last = min(line.first, stored.at), max(line.last, stored.at)
        self.reasons[stored.place] = stored.reason
        if self.most:
            push = heappush if len(self.latest) < self.most else heappushpop
            push(self.latest, (stored.at, stored.place, stored))

    def mark(self, place: Place) -> None:
        """Note that a letter went back; whoever does not belong to the choice is not counted."""
        reason = self.reasons.pop(place, None)
        if reason is not None:
            self.lines[reason].went_back += 1


@dataclass(slots=True)
class Plan:
    """What would become of the letters of a choice."""

    letters: dict[Place, tuple[str, str]] = field(default_factory=dict)
    """By place: the reason, and what keeps it here, if anything."""
    went_back: int = 0

    def mark(self, place: Place) -> None:
        """Note that a letter went back before."""
        self.went_back += self.letters.pop(place, None) is not None

    @property
    def going(self) -> Counter[str]:
        """Letters that can go back, by reason."""
        return Counter(reason for reason, kept in self.letters.values() if not kept)

    @property
    def staying(self) -> Counter[str]:
        """Letters that stay, by what keeps them."""
        return Counter(kept for _, kept in self.letters.values() if kept)


# -- as lines --------------------------------------------------------------------------------


def counted(overview: Overview, zone: tzinfo) -> list[str]:
    """A table of the reasons, the most frequent first."""
    by_number = sorted(overview.lines.items(), key=lambda item: (-item[1].letters, item[0]))
    rows = [
        (
            escaped(reason.encode()) or "-",
            f"{line.letters:,}",
            f"{line.went_back:,}",
            told(line.first, zone),
            told(line.last, zone),
            meaning(reason),
        )
        for reason, line in by_number
    ]
    return aligned([("reason", "letters", "went back", "first", "last", "meaning"), *rows])


def listed(overview: Overview, zone: tzinfo) -> list[str]:
    """A table of the latest letters, the latest last; nothing where none is wanted."""
    rows = [
        (
            str(stored.place),
            told(stored.at, zone),
            escaped(stored.reason.encode()) or "-",
            f"{stored.said.get('partition', '-')}/{stored.said.get('offset', '-')}",
            escaped(stored.letter.key),
            "no" if stored.place in overview.reasons else "yes",
        )
        for _, _, stored in sorted(overview.latest)
    ]
    if not rows:
        return []
    return aligned([("letter", "written", "reason", "read at", "key", "went back"), *rows])


def planned(plan: Plan, source: str) -> list[str]:
    """What would go back to the topic `source`, what would not, and why."""
    lines = [f"{plan.going.total():,} letters to put back on {source}{_listing(plan.going)}"]
    again = Counter({name: n for name, n in plan.staying.items() if name not in {*STAYS}})
    if again:
        lines.append(f"{again.total():,} stay, they would be refused again{_listing(again)}")
    for name, why in STAYS.items():
        if plan.staying[name]:
            lines.append(f"{plan.staying[name]:,} stay, {why}")
    if plan.went_back:
        lines.append(f"{plan.went_back:,} went back before")
    return lines


def _listing(counts: Counter[str]) -> str:
    parts = [f"{number:,} {escaped(name.encode())}" for name, number in counts.most_common()]
    return f": {', '.join(parts)}" if parts else ""
