"""`deskpulse explain`: where each clock of a ticket spent its time, and why."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from streams.cli.console import out, write_result
from streams.cli.ledgers import blocks
from streams.cli.options import ConfigFolder, configuration
from streams.cli.records import LookAt, MoreFiles, ReplayFiles, looked_up, recorded
from streams.config import Config
from streams.core.calendars import Interval
from streams.core.instants import format_rfc3339
from streams.core.ledger import Account, Cause, Ledger, Line, ledger
from streams.core.policies import Terms
from streams.core.report import TooOldError
from streams.core.traces import Held, Matched
from streams.errors import UserError
from streams.wire import packing
from streams.wire.codec import pretty

Json = Mapping[str, Any]


def explain(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id.")],
    more: MoreFiles = None,
    replay: ReplayFiles = None,
    config: ConfigFolder = None,
    as_of: LookAt = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object (schemas/explain.json).")
    ] = False,
) -> int:
    """Show the ledger of each clock of a ticket: every interval, and why it counts or not.

    The intervals sum to the number that the report, the metrics and the transitions show.

    Example: deskpulse explain T-1042 --replay events.jsonl --config conf
    """
    settings = configuration(config)
    files = recorded(replay, more)
    books, at = looked_up(settings, files, as_of, ticket)
    record = books.records.get(ticket)
    if record is None:
        raise UserError(_unknown(ticket, settings, [str(path) for path in files]))
    try:
        found = ledger(record, settings.engine, packing, at)
    except TooOldError as error:
        raise UserError(f"--as-of {as_of}: {error}") from None
    if found.ticket.first_at is None and not record.redacted:
        raise UserError(
            f"ticket {ticket}: no event up to {format_rfc3339(at)}; name a later --as-of"
        )
    if json:
        write_result(pretty(as_json(ticket, found)), None)
        return 0
    for block in blocks(ticket, found, settings.engine.policies, settings.timezone):
        out.print(block)
    return 0


def _unknown(ticket: str, config: Config, files: list[str]) -> str:
    if files:
        return f"no ticket {ticket} in {', '.join(files)}; look for its id in `subject`"
    return (
        f"no ticket {ticket} in {config.changelog}; check the id, or replay recorded events of "
        "it with --replay FILE (a ticket silent for longer than retention.forgotten is dropped)"
    )


def as_json(name: str, found: Ledger) -> Json:
    """The ledger as JSON values (schemas/explain.json): times RFC 3339, durations in seconds."""
    ticket = found.ticket
    return {
        "ticket": name,
        "as_of": format_rfc3339(found.as_of),
        "created_at": _instant(ticket.created_at),
        "status": ticket.status or "new",
        "priority": ticket.priority,
        "queue": ticket.queue,
        "assignee": ticket.assignee,
        "deleted": ticket.deleted,
        "merged_into": ticket.merged_into,
        "history_from": _instant(found.kept_from),
        "clocks": [_account(account) for account in found.accounts],
    }


def _account(one: Account) -> Json:
    return {
        "clock": one.clock,
        "state": one.state,
        "used_s": one.used / 1000,
        "target_s": None if one.terms is None else one.terms.target / 1000,
        "deadline": _instant(one.deadline),
        "first_deadline": _instant(one.first_deadline),
        "started": _cause(one.started),
        "stopped_at": _instant(one.stop),
        "stopped": _cause(one.stopped),
        "policy": one.policy,
        "matched": None if one.matched is None else [_condition(each) for each in one.matched],
        "terms": None if one.terms is None else _terms(one.terms),
        "earlier_terms": [_held(each) for each in one.held[:-1]],
        "warn": [
            {"level": each.level, "used_s": each.used / 1000, "at": _instant(each.at)}
            for each in one.levels
        ],
        "intervals": [_line(line) for line in one.lines],
        "spent_s": {
            part: {value: ms / 1000 for value, ms in amounts.items()}
            for part, amounts in one.spent.items()
        },
        "log": [
            {"transition": entry.transition, "level": entry.level, "at": format_rfc3339(entry.at)}
            for entry in one.log
        ],
    }


def _line(line: Line) -> Json:
    like = line.stretch
    return {
        "from": format_rfc3339(line.start),
        "to": format_rfc3339(line.end),
        "event": _cause(line.cause),
        "status": None if like is None else like.status,
        "queue": None if like is None else like.queue,
        "assignee": None if like is None else like.assignee,
        "rule": line.rule,
        "counted_s": line.counted / 1000,
        "open": [_interval(each) for each in line.open],
    }


def _interval(interval: Interval) -> Json:
    start, end = interval
    return {"from": format_rfc3339(start), "to": format_rfc3339(end)}


def _condition(matched: Matched) -> Json:
    value = matched.value
    return {
        "attribute": matched.condition.attribute,
        "value": list(value) if isinstance(value, tuple) else value,
        "any_of": sorted(matched.condition.values),
    }


def _held(held: Held) -> Json:
    return {"from": format_rfc3339(held.at), "belonged_to": held.policy, **_terms(held.terms)}


def _terms(terms: Terms) -> Json:
    return {
        "policy": terms.policy,
        "target_s": terms.target / 1000,
        "calendar": terms.calendar.name,
        "pause": sorted(terms.pause),
        "on_reopen": terms.on_reopen,
        "retarget": "keep" if terms.keep else "recompute",
    }


def _cause(cause: Cause | None) -> Json | None:
    if cause is None:
        return None
    return {
        "time": format_rfc3339(cause.at),
        "source": cause.source,
        "id": cause.id,
        "type": cause.type,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else format_rfc3339(at)
