"""Does it look like a support desk? Bounds are wide; the seed is fixed, so none can flake."""

from collections import Counter
from statistics import mean, median

from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate import Scenario
from tests.unit.simulate.observe import Log, local


def test_waiting_work_peaks_by_day_and_is_nearly_gone_at_night(log: Log) -> None:
    hours: dict[int, list[int]] = {hour: [] for hour in range(24)}
    for at, depth in log.waiting.items():
        if local(at).weekday() < 5:
            hours[local(at).hour].append(depth)
    curve = {hour: mean(depths) for hour, depths in hours.items()}
    peak, night = max(curve[hour] for hour in range(9, 17)), mean(curve[hour] for hour in (3, 4, 5))
    assert peak > 4 * night, curve
    assert night < 6, curve


def test_arrivals_have_a_morning_and_an_afternoon_peak_and_a_quiet_night(log: Log) -> None:
    hours = Counter(local(at).hour for at in log.created.values() if local(at).weekday() < 5)
    assert hours[10] > 1.2 * hours[12] < hours[14]
    assert sum(hours[hour] for hour in range(6)) < 0.04 * hours.total()


def test_weekends_are_slow(log: Log, scenario: Scenario) -> None:
    assert scenario.days
    weekend = sum(local(at).weekday() >= 5 for at in log.created.values())
    assert 0.02 < weekend / len(log.created) < 0.09


def test_scale_is_the_tickets_of_a_working_day(log: Log, scenario: Scenario) -> None:
    working = Counter(
        local(at).toordinal() for at in log.created.values() if local(at).weekday() < 5
    )
    assert 0.9 * scenario.scale < mean(working.values()) < 1.15 * scenario.scale


def test_first_responses_take_minutes_to_hours(log: Log) -> None:
    spans = sorted(log.first_response.values())
    assert 5 * MINUTE < median(spans) < HOUR
    assert HOUR / 2 < spans[len(spans) * 9 // 10] < 8 * HOUR
    assert spans[0] >= 0


def test_busy_hours_answer_slower_than_calm_ones(log: Log) -> None:
    """Capacity is limited: mail waits longer in the rush than when all shifts are in."""
    rush, calm = [], []
    for ticket, span in log.first_response.items():
        at = local(log.created[ticket])
        if log.state[ticket]["channel"] in {"email", "web"} and at.weekday() < 5:
            if at.hour in {10, 11}:
                rush.append(span)
            elif at.hour in {13, 14}:
                calm.append(span)
    assert median(rush) > 1.2 * median(calm)


def test_phone_and_chat_are_answered_sooner_than_mail(log: Log) -> None:
    by_channel: dict[str, list[int]] = {}
    for ticket, span in log.first_response.items():
        by_channel.setdefault(log.state[ticket]["channel"], []).append(span)
    assert set(by_channel) == {"email", "web", "chat", "phone", "social"}
    medians = {channel: median(spans) for channel, spans in by_channel.items()}
    assert medians["phone"] < medians["chat"] < medians["email"]


def test_reopen_rate_is_four_to_eight_percent(log: Log) -> None:
    assert 0.04 < log.reopens / log.resolutions < 0.08


def test_transferred_share_is_fifteen_to_twenty_five_percent(log: Log) -> None:
    resolved = {
        ticket for ticket, state in log.state.items() if state["status"] in {"resolved", "closed"}
    }
    assert 0.13 < len(log.transferred & resolved) / len(resolved) < 0.25


def test_most_tickets_get_done_and_few_are_junk(log: Log) -> None:
    old = [ticket for ticket, at in log.created.items() if at < max(log.created.values()) - 5 * DAY]
    done = sum(log.state[ticket]["status"] in {"resolved", "closed"} for ticket in old)
    assert done / len(old) > 0.9
    assert 0.01 < log.seen["ticket.deleted"] / len(log.created) < 0.05
    assert 0.01 < log.seen["ticket.merged"] / len(log.created) < 0.05


def test_surveys_are_answered_by_a_fifth_to_two_fifths(log: Log) -> None:
    assert 0.2 < log.seen["survey.responded"] / log.seen["survey.sent"] < 0.4


def test_queues_differ_in_volume_and_all_are_used(log: Log) -> None:
    queues = Counter(state["queue"] for state in log.state.values())
    assert set(queues) == {
        "billing", "payments", "technical", "logistics", "onboarding", "second-line",
    }  # fmt: skip
    assert queues["technical"] > 2 * queues["onboarding"]
