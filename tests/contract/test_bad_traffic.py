"""Bad input among good: each bad message has its letter, the good ones count as without them."""

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest

from streams.config import Config
from streams.config.model import DeadLetters
from streams.core.instants import DAY
from streams.kafka.aside import ExcessError
from streams.simulate import Scenario, generate
from streams.wire.deadletters import details
from tests.contract import bad_input
from tests.contract.bad_input import NOW, Desk, Message

UNBOUNDED = Config(dead_letters=DeadLetters(max_run=None, max_ratio=1))
CHUNK = 150
"""Records between two commits."""


@cache
def good() -> tuple[Message, ...]:
    """Two simulated days: late and doubled events included."""
    scenario = Scenario(NOW - 3 * DAY, days=2, scale=120, warm_up_days=0, garbage=0)
    return tuple(Message(one.key, one.value, one.headers, "") for one in generate(scenario))


@cache
def bad() -> tuple[Message, ...]:
    """Every refused message of the corpus but those on which the program is made to fail."""
    records = (
        record
        for case in bad_input.cases()
        for record in case.get("records", ())
        if record.get("is", "").startswith("rejected")
    )
    found = (message for record in records for message in bad_input.messages(record))
    return tuple(message for message in found if message.fate != "rejected handler")


def mixed(share: float) -> list[Message]:
    """Good traffic with so many bad messages in it, or nothing but those."""
    rng = Random(f"{share}")
    if share == 1:
        return rng.choices(bad(), k=3_000)
    number = round(len(good()) * share / (1 - share))
    messages = [*good()]
    for message in rng.choices(bad(), k=number):
        messages.insert(rng.randrange(len(messages) + 1), message)
    return messages


def run(messages: list[Message], config: Config = UNBOUNDED) -> Desk:
    desk = Desk(config)
    for start in range(0, len(messages), CHUNK):
        desk.receive(messages[start : start + CHUNK])
    desk.move_clock(NOW)
    return desk


@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
def test_nothing_vanishes_and_each_refused_message_has_one_letter(share: float) -> None:
    messages = mixed(share)
    refused = {place: m for place, m in enumerate(messages) if m.fate.startswith("rejected")}
    assert len(refused) == pytest.approx(share * len(messages), abs=1)
    desk = run(messages)
    events = desk.report()["events"]
    ignored, rejected = sum(events["ignored"].values()), sum(events["rejected"].values())
    others = events["applied"] + events["duplicate"] + events["late"]
    assert events["read"] == others + ignored + rejected == len(messages)
    reasons = Counter(message.fate.removeprefix("rejected ") for message in refused.values())
    assert events["rejected"] == dict(reasons)
    letters = desk.written(desk.config.topics.dead_letters)
    assert [
        (int(details(letter.headers)["offset"]), f"rejected {details(letter.headers)['reason']}")
        for letter in letters
    ] == [(place, message.fate) for place, message in refused.items()]
    assert desk.metrics()['events_total{outcome="rejected"}'] == len(refused)


def test_nothing_but_bad_messages_stops_the_worker_before_the_topic_is_drained() -> None:
    desk = Desk(Config())
    with pytest.raises(ExcessError, match=r"1,000 records in a row .* offset 1000 \("):
        desk.receive(mixed(1))
    assert len(desk.written(desk.config.topics.dead_letters)) == 1_000
    assert desk.report()["events"]["read"] == 1_000


@pytest.mark.parametrize("share", [0.01, 0.1])
def test_a_share_as_it_happens_stops_nobody(share: float) -> None:
    assert run(mixed(share), Config()).owned.ready


@pytest.mark.parametrize("share", [0.01, 0.1])
def test_the_good_ones_count_as_if_they_were_alone(share: float) -> None:
    assert figures(run(mixed(share))) == figures(run([*good()]))


def figures(desk: Desk) -> dict[str, Any]:
    """All of the report but the account of what was refused."""
    found = desk.report()
    del found["events"]["read"], found["events"]["rejected"]
    return found
