"""Each named scenario: its cause is in the events, to be found by counting."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from statistics import mean, median
from typing import Any

import pytest

from streams.core.instants import DAY, HOUR, MINUTE
from streams.simulate import CUSTOMERS, TICKETS, Happening, Scenario, ScenarioName, happenings
from tests.unit.simulate.observe import MONDAY, Log, instant, local, observe

Events = list[dict[str, Any]]


def of(world: Iterable[Happening], topic: str, *types: str) -> Events:
    return [each.event for each in world if each.topic == topic and each.event["type"] in types]


def satisfied(world: list[Happening], key: Callable[[dict[str, Any]], str]) -> dict[str, float]:
    """The share of customers who are content, by what `key` says of their answer."""
    found: dict[str, list[bool]] = defaultdict(list)
    for event in of(world, TICKETS, "survey.responded"):
        data = event["data"]
        if data["kind"] == "csat":
            low, high = data["scale"]["min"], data["scale"]["max"]
            found[key(event)].append((data["score"] - low) / (high - low) >= 2 / 3)
    return {name: mean(answers) for name, answers in found.items()}


def log_of(world: list[Happening]) -> Log:
    return observe(each.event for each in world if each.topic == TICKETS)


@pytest.fixture(scope="module")
def peak(scenario: Scenario) -> list[Happening]:
    return list(happenings(replace(scenario, name="phone-peak")))


@pytest.fixture(scope="module")
def slow(scenario: Scenario) -> list[Happening]:
    return list(happenings(replace(scenario, name="slow-channel")))


@pytest.fixture
def release() -> Scenario:
    """Two weeks before the instant of the release and two after it."""
    return Scenario(MONDAY, seed=4, name="release", days=14, warm_up_days=14)


class TestPhonePeak:
    """Customers stuck on the phone queue at peak time, with agents who do not know the product."""

    def test_the_phone_queue_of_payments_waits_longest_at_peak_time(
        self, peak: list[Happening], world: list[Happening]
    ) -> None:
        now, usual = phone_waits(peak), phone_waits(world)
        stuck = median(now["payments", True])
        assert stuck > MINUTE
        assert stuck == max(median(waits) for waits in now.values() if len(waits) > 50)
        assert stuck > 2.5 * median(usual["payments", True])

    def test_many_give_up_there(self, peak: list[Happening], world: list[Happening]) -> None:
        assert abandoned(peak)["payments"] > 0.3
        assert abandoned(peak)["payments"] > 1.5 * max(
            share for queue, share in abandoned(peak).items() if queue != "payments"
        )
        assert abandoned(world)["payments"] < 0.2

    def test_its_agents_lack_product_knowledge(self, peak: list[Happening]) -> None:
        teams = {
            event["subject"]: event["data"]["queue"]
            for event in of(peak, "agents", "agent.scheduled")
        }
        scores: dict[bool, list[float]] = defaultdict(list)
        for event in of(peak, TICKETS, "ticket.reviewed"):
            known = event["data"]["criteria"]["product_knowledge"]
            scores[teams[event["data"]["agent"]] == "payments"].append(
                known["score"] / known["max"]
            )
        assert mean(scores[True]) < 0.4
        assert mean(scores[False]) > 0.7

    def test_their_calls_are_held_more_and_rated_lower(
        self, peak: list[Happening], world: list[Happening]
    ) -> None:
        assert held(peak) > 1.5 * held(world)
        by_channel = log_of(peak).state
        content = satisfied(peak, lambda event: by_channel[event["subject"]]["channel"])
        assert content["phone"] < 0.75
        assert content["phone"] < content["email"] - 0.1

    def test_who_rates_low_says_why(self, peak: list[Happening]) -> None:
        reasons = Counter(
            reason
            for event in of(peak, TICKETS, "survey.responded")
            for reason in event["data"].get("reasons", ())
        )
        assert {"did not know", "long wait"} <= {name for name, _ in reasons.most_common(5)}


def phone_waits(world: list[Happening]) -> dict[tuple[str, bool], list[int]]:
    """How long those who were answered waited, by queue and whether it was peak time."""
    queued: dict[str, int] = {}
    found: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for event in of(world, CUSTOMERS, "contact.queued", "contact.answered"):
        if event["data"]["channel"] == "phone":
            if event["type"] == "contact.queued":
                queued[event["subject"]] = instant(event)
            else:
                begun = queued[event["subject"]]
                at_peak = local(begun).hour in {10, 11, 14, 15}
                found[event["data"]["queue"], at_peak].append(instant(event) - begun)
    return found


def abandoned(world: list[Happening]) -> dict[str, float]:
    """The share of calls that were given up, by queue; of those with at least 50 calls."""
    calls: dict[str, Counter[str]] = defaultdict(Counter)
    for event in of(world, CUSTOMERS, "contact.queued", "contact.abandoned"):
        if event["data"]["channel"] == "phone":
            calls[event["data"]["queue"]][event["type"]] += 1
    return {
        queue: found["contact.abandoned"] / found["contact.queued"]
        for queue, found in calls.items()
        if found["contact.queued"] >= 50
    }


def held(world: list[Happening]) -> float:
    """Seconds on hold by seconds of interaction."""
    seconds: Counter[str] = Counter()
    for event in of(world, TICKETS, "ticket.worked"):
        seconds[event["data"]["activity"]] += event["data"]["seconds"]
    return seconds["hold"] / (seconds["hold"] + seconds["talk"])


class TestSlowChannel:
    """What comes in by web is fetched twice a working day."""

    def test_the_web_waits_longer_than_every_other_channel(
        self, slow: list[Happening], log: Log
    ) -> None:
        waits = first_responses(log_of(slow))
        others = max(median(found) for channel, found in waits.items() if channel != "web")
        assert median(waits["web"]) > 2 * HOUR
        assert median(waits["web"]) > 4 * others
        assert median(waits["web"]) > 4 * median(first_responses(log)["web"])

    def test_the_web_is_rated_lower_than_mail_and_than_usually(
        self, slow: list[Happening], world: list[Happening], log: Log
    ) -> None:
        states = log_of(slow).state
        content = satisfied(slow, lambda event: states[event["subject"]]["channel"])
        usual = satisfied(world, lambda event: log.state[event["subject"]]["channel"])
        assert content["web"] < content["email"] - 0.1
        assert content["web"] < usual["web"] - 0.1

    def test_low_scores_of_the_web_name_the_wait(self, slow: list[Happening]) -> None:
        states = log_of(slow).state
        named: dict[bool, list[bool]] = defaultdict(list)
        for event in of(slow, TICKETS, "survey.responded"):
            data, web = event["data"], states[event["subject"]]["channel"] == "web"
            if "reasons" in data and data["score"] - data["scale"]["min"] <= 2:
                named[web].append("long wait" in data["reasons"])
        assert mean(named[True]) > 0.4
        assert mean(named[True]) > 1.3 * mean(named[False])


def first_responses(log: Log) -> dict[str, list[int]]:
    """First response times by channel."""
    found: dict[str, list[int]] = defaultdict(list)
    for ticket, span in log.first_response.items():
        found[log.state[ticket]["channel"]].append(span)
    return found


class TestRelease:
    """From the release on, twice as many ask about login."""

    def test_the_category_doubles_at_that_instant_and_no_other_one_does(
        self, release: Scenario
    ) -> None:
        before, after = Counter[str](), Counter[str]()
        for event in of(happenings(release), TICKETS, "ticket.created"):
            at, category = instant(event), event["data"]["category"]
            if abs(at - release.released_ms) < 13 * DAY:
                (after if at >= release.released_ms else before)[category] += 1
        growth = {category: after[category] / before[category] for category in before}
        assert 1.7 < growth.pop("login") < 2.4
        del growth["outage"]  # comes and goes with outages
        assert all(0.7 < each < 1.35 for each in growth.values()), growth

    def test_until_then_nothing_differs_from_a_usual_week(self, release: Scenario) -> None:
        short = replace(release, days=1, warm_up_days=3)
        usual = happenings(replace(short, name="usual"))
        for one, other in zip(happenings(short), usual, strict=False):
            if one.at_ms >= release.released_ms:
                break
            assert one == other


def test_every_scenario_says_what_is_wrong_and_has_a_name_of_its_own() -> None:
    said = {Scenario(MONDAY, name=name).cause.says for name in ScenarioName}
    assert len(said) == len(ScenarioName) == 4
