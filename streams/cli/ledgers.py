"""The text of `deskpulse explain`: a block for each instance, with the table that sums up."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from itertools import pairwise
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.cli.moments import amount, moment, plain, slices
from streams.core import clocks as ck
from streams.core.ledger import Account, Cause, Ledger, Line, Rule
from streams.core.policies import OnReopen, Policies, Terms
from streams.core.ticket import Ticket
from streams.core.traces import Held, Matched

_NOBODY: Final = "nobody"
_NONE: Final = "none"
_SQUASHED: Final = "an event that is squashed into the checkpoint"
_STYLES: Final[Mapping[str, str]] = {
    ck.BREACHED_OPEN: "bold red",
    ck.BREACHED_CLOSED: "red",
    ck.AT_RISK: "yellow",
    ck.MET: "green",
    ck.CANCELLED: "dim",
}
_REASONS: Final[Mapping[Rule, str]] = {
    Rule.CLOSED: "{calendar} is closed",
    Rule.PAUSED: "paused while {status}",
    Rule.STOPPED: "stopped until the reopening",
    Rule.UNNAMED: "not owed: no policy names the clock",
    Rule.SQUASHED: "squashed: only the sum is known",
}
_REOPENS: Final[Mapping[OnReopen, str]] = {
    OnReopen.RESUME: "runs on after a reopening",
    OnReopen.RESTART: "starts anew with a reopening",
    OnReopen.KEEP_FIRST: "keeps its first verdict after a reopening",
}


def blocks(name: str, ledger: Ledger, policies: Policies, zone: tzinfo) -> Iterator[RenderableType]:
    """What the terminal shows, for rich to print one after the other."""
    yield _ticket(name, ledger, zone)
    if not ledger.accounts:
        yield Text(_why_none(policies))
    for account in ledger.accounts:
        block = _Block(account, ledger, policies, zone)
        yield Text("")
        yield block.headline()
        yield Padding(block.terms(), (0, 0, 1, 2))
        yield Padding(block.lines(), (0, 0, 0, 2))


def _ticket(name: str, ledger: Ledger, zone: tzinfo) -> Text:
    ticket = ledger.ticket
    lines = [
        f"Ticket {plain(name)} as of {moment(ledger.as_of, zone)}; times are {zone}.",
        f"{_likeness(ticket)}; {_since(ticket, zone)}.",
    ]
    if ledger.kept_from is not None:
        lines.append(f"Events before {moment(ledger.kept_from, zone)} are squashed.")
    return Text("\n".join(lines))


def _likeness(ticket: Ticket) -> str:
    parts = (
        (ticket.status or "new").capitalize(),
        f"priority {_shown(ticket.priority)}",
        f"queue {_shown(ticket.queue)}",
        f"assignee {_shown(ticket.assignee, _NOBODY)}",
    )
    ends = (
        f"merged into {plain(ticket.merged_into)}" if ticket.merged_into else "",
        f"deleted ({ticket.deleted})" if ticket.deleted else "",
    )
    return ", ".join((*parts, *filter(None, ends)))


def _since(ticket: Ticket, zone: tzinfo) -> str:
    if ticket.created_at is None:
        return f"no creation seen, first event {moment(ticket.first_at, zone)}"
    by = " by an agent" if ticket.opened_by_agent else ""
    return f"created {moment(ticket.created_at, zone)}{by}"


def _why_none(policies: Policies) -> str:
    if not policies:
        return "No clocks: the configuration has no policies (sla.yml)."
    return "No clocks: no policy names one that has started on this ticket."


def _shown(value: str | None, otherwise: str = _NONE) -> str:
    return plain(value) if value else otherwise


class _Block:
    """One instance."""

    def __init__(self, account: Account, ledger: Ledger, policies: Policies, zone: tzinfo) -> None:
        self._account, self._ledger, self._zone = account, ledger, zone
        self._places = {policy.name: n for n, policy in enumerate(policies.policies, 1)}

    def headline(self) -> Text:
        """Clock, verdict, used of target, deadline."""
        one = self._account
        used = f"{amount(one.used)} used"
        if one.terms is not None:
            used += f" of {amount(one.terms.target)}"
        due = "" if one.deadline is None else f", due {moment(one.deadline, self._zone)}"
        return Text.assemble(
            (one.clock, "bold"),
            f" ({plain(one.policy)}): ",
            (_verdict(one), _STYLES.get(one.state, "bold")),
            f", {used}{due}",
        )

    # -- what the verdict depends on --------------------------------------------------------

    def terms(self) -> Table:
        """Names and values, one a line."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="dim")
        table.add_column(overflow="fold")
        for name, value in self._terms():
            table.add_row(name, Text(value))
        return table

    def _terms(self) -> Iterator[tuple[str, str]]:
        one = self._account
        yield "started", f"{self._moment(one.started.at)}, {_event(one.started)}"
        if one.stop is not None:
            yield "stopped", f"{self._moment(one.stop)}, {_event(one.stopped)}"
        yield "policy", self._policy()
        yield "terms", _kept(one.policy, one.terms) if one.terms else "not configured any more"
        for held, following in pairwise(one.held):
            yield "before", self._earlier(held, following.at)
        for level in one.levels:
            never = "not known while it is paused" if one.stop is None else "not reached"
            when = moment(level.at, self._zone, never)
            yield "warns", f"at {level.level}: {amount(level.used)} used, {when}"
        yield "deadline", self._deadline()
        if one.log:
            yield (
                "log",
                "; ".join(
                    f"{entry.transition}{f' {entry.level}' if entry.level else ''} "
                    f"{self._moment(entry.at)}"
                    for entry in one.log
                ),
            )

    def _moment(self, at: int) -> str:
        return moment(at, self._zone)

    def _policy(self) -> str:
        one = self._account
        place = self._places.get(one.policy)
        if place is None:
            return f"{plain(one.policy)}, not configured any more"
        name = f"{plain(one.policy)}, number {place} of {len(self._places)}"
        if one.matched is None:
            if any(line.rule is Rule.UNNAMED for line in one.lines):
                return f"{name}; no policy names it any more"
            return f"{name}; why is squashed"
        return f"{name}: {'; '.join(map(_condition, one.matched)) or 'matches every ticket'}"

    def _earlier(self, held: Held, until_ms: int) -> str:
        until = self._moment(until_ms)
        return f"until {until} {plain(held.policy)}: {_kept(held.policy, held.terms)}"

    def _deadline(self) -> str:
        one = self._account
        now = moment(one.deadline, self._zone, "none while it is paused")
        if one.first_deadline is None or one.first_deadline == one.deadline:
            return now
        return f"{now}; at first {self._moment(one.first_deadline)}"

    # -- the ledger ---------------------------------------------------------------------------

    def lines(self) -> Table:
        """The intervals, and their sum."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column("from", no_wrap=True, vertical="top")
        table.add_column("counted", no_wrap=True, justify="right")
        table.add_column("", overflow="fold", ratio=1)
        for line in self._account.lines:
            style = "" if line.counted else "dim"
            table.add_row(
                self._moment(line.start), amount(line.counted), self._what(line), style=style
            )
        table.add_row(
            self._moment(self._account.until),
            Text(amount(self._account.used), "bold"),
            Text("\n".join(self._sum())),
        )
        return table

    def _what(self, line: Line) -> Text:
        stretch = line.stretch
        like = (
            "not kept"
            if stretch is None
            else f"{stretch.status}, {_shown(stretch.queue, 'no queue')}, "
            f"{_shown(stretch.assignee, _NOBODY)}"
        )
        return Text("\n".join((like, _event(line.cause), self._why(line))))

    def _why(self, line: Line) -> str:
        calendar = "" if self._account.terms is None else plain(self._account.terms.calendar.name)
        if line.rule is Rule.RUNNING:
            if line.open == ((line.start, line.end),):
                return f"counts, {calendar} is open throughout"
            return f"counts {slices(line.open, self._zone)}"
        if line.rule is Rule.DELETED:
            return f"not owed: {_gone(self._ledger.ticket)}"
        status = "" if line.stretch is None else line.stretch.status
        return _REASONS[line.rule].format(calendar=calendar, status=status)

    def _sum(self) -> Iterator[str]:
        if self._account.state == ck.CANCELLED:
            yield "sum; the report counts no time of what is cancelled"
        else:
            yield "sum"
        for part, amounts in self._account.spent.items():
            if len(amounts) > 1:
                shares = (f"{_shown(v)} {amount(ms)}" for v, ms in sorted(amounts.items()))
                yield f"by {part}: {', '.join(shares)}"


def _verdict(one: Account) -> str:
    return one.state.replace("_", " ")


def _gone(ticket: Ticket) -> str:
    if ticket.deleted is not None:
        return f"deleted ({ticket.deleted})"
    return f"merged into {plain(ticket.merged_into or '')}"


def _event(cause: Cause | None) -> str:
    if cause is None:
        return _SQUASHED
    name = f"{plain(cause.id)} of {plain(cause.source)}"
    return f"{cause.type} {name}" if cause.type else f"{name}, squashed into the checkpoint"


def _condition(matched: Matched) -> str:
    wanted, value = matched.condition, matched.value
    values = value if isinstance(value, tuple) else (value or "",)
    said = ", ".join(plain(each) or '""' for each in values) or '""'
    any_of = ", ".join(plain(each) or '""' for each in sorted(wanted.values))
    return f"{wanted.attribute} is {said}" + ("" if said == any_of else f" (any of {any_of})")


def _kept(policy: str, terms: Terms) -> str:
    """The terms; with their policy, where they were kept from another one."""
    of = "" if terms.policy == policy else f"those of {plain(terms.policy)}: "
    return of + _promise(terms)


def _promise(terms: Terms) -> str:
    parts = [f"{amount(terms.target)} of {plain(terms.calendar.name)}"]
    if terms.pause:
        parts.append(f"pauses while {' or '.join(sorted(terms.pause))}")
    if terms.clock == "resolution":
        parts.append(_REOPENS[terms.on_reopen])
    if terms.keep:
        parts.append("stays when attributes change")
    return "; ".join(parts)
