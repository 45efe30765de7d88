"""What hangs in a worker is told, and what only takes long, or was paused, is not."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from streams.config import Config
from streams.config.model import Health
from streams.core.instants import MINUTE
from streams.kafka.journal import Answer
from streams.kafka.memory import MemoryJournal, Storage
from streams.kafka.partitions import Owned, Partitions
from streams.kafka.stalls import MAX_STEP_S, StalledError, Stalls

NOW = 1_790_000_000_000
HEALTH = Health(stalled=MINUTE, restore=10 * MINUTE)
LOOK_S = 0.5


class Looks:
    """One partition, looked at twice a second."""

    def __init__(self) -> None:
        self.partitions = Partitions(Config(), MemoryJournal(Storage()), lambda: NOW)
        self.owned = asyncio.run(self._owned())
        self._stalls = Stalls(replace(Config(), health=HEALTH))
        self._at_s = 1_000.0

    async def _owned(self) -> Owned:
        async def nowhere(_: int) -> None:
            """Nothing to seek."""

        owned = await self.partitions.restore(0, nowhere)
        assert owned is not None
        return owned

    def answered(self, end: int, at: int) -> None:
        self.partitions.fetched(0, Answer(end, 0, NOW + at), records=False)

    def open_transaction(self, first: int, end: int, at: int) -> None:
        """All that may be read is read, up to the first record of an open transaction."""
        answer = Answer(end, first, NOW + at, stable=first)
        self.partitions.fetched(0, answer, records=False)

    def look(self, seconds: float, meanwhile: Callable[[int], None] = lambda _: None) -> None:
        for number in range(int(seconds / LOOK_S)):
            self._at_s += LOOK_S
            meanwhile(number)
            self._stalls.look([self.partitions], self._at_s)

    def pause(self, seconds: float) -> None:
        self._at_s += seconds


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_one_that_has_nothing_to_do_is_fine_as_long_as_the_broker_answers(looks: Looks) -> None:
    looks.look(300, lambda number: looks.answered(0, number))


def test_one_that_the_broker_does_not_answer_hangs(looks: Looks) -> None:
    looks.answered(0, 0)
    looks.look(60)
    with pytest.raises(
        StalledError, match="partition 0 of ticket-events has not got on for more than 1m; "
    ):
        looks.look(1)


def test_one_that_was_never_answered_hangs(looks: Looks) -> None:
    with pytest.raises(StalledError, match="has not got on"):
        looks.look(61)


def test_one_that_is_behind_has_to_move_whatever_the_broker_answers(looks: Looks) -> None:
    looks.look(60, lambda number: looks.answered(10, number))
    with pytest.raises(StalledError, match="has not got on"):
        looks.look(2, lambda number: looks.answered(10, 1_000 + number))


def test_one_that_is_behind_and_gets_on_is_fine(looks: Looks) -> None:
    def move(number: int) -> None:
        looks.owned.processor.position = number
        looks.answered(10_000, 0)

    looks.look(300, move)


def test_an_open_transaction_is_told_with_what_to_do_and_ends_nobody(
    looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that started again would wait for it, too."""
    looks.look(60, lambda number: looks.open_transaction(7, 9, number))
    assert looks.partitions.hanging == {}
    looks.look(60, lambda number: looks.open_transaction(7, 9, 1_000 + number))
    (told,) = looks.partitions.hanging.values()
    assert "open transaction in the source (hanging producer)" in told
    tool = "kafka-transactions.sh --bootstrap-server 127.0.0.1:9092"
    where = "--topic ticket-events --partition 0"
    assert f"`{tool} describe-producers {where}`" in told
    assert f"`{tool} abort {where} --start-offset 7`" in told
    assert [record.message for record in caplog.records] == [told], "once"
    looks.look(1, lambda number: looks.answered(0, 2_000 + number))
    assert looks.partitions.hanging == {}


def test_transactions_that_follow_each_other_are_nobodys_fault(looks: Looks) -> None:
    looks.look(300, lambda number: looks.open_transaction(number // 20, 1_000, number))
    assert looks.partitions.hanging == {}


def test_an_open_transaction_whose_broker_does_not_answer_is_a_hang(looks: Looks) -> None:
    looks.open_transaction(7, 9, 0)
    with pytest.raises(StalledError, match="has not got on"):
        looks.look(62)


def test_a_write_that_is_never_answered_hangs(looks: Looks) -> None:
    asyncio.run(looks.owned.committing.acquire())
    looks.look(60, lambda number: looks.answered(0, number))
    with pytest.raises(StalledError, match="has waited for a write for more than 1m"):
        looks.look(1, lambda number: looks.answered(0, 1_000 + number))


def test_one_write_after_the_other_is_fine(looks: Looks) -> None:
    asyncio.run(looks.owned.committing.acquire())

    def write(number: int) -> None:
        looks.answered(0, number)
        looks.owned.written += 1

    looks.look(300, write)


def test_a_restore_may_take_longer_but_not_for_ever(looks: Looks) -> None:
    looks.owned.ready = False
    looks.look(600)
    with pytest.raises(StalledError, match="has been restored for more than 10m"):
        looks.look(1)


def test_a_process_that_was_paused_has_not_waited(looks: Looks) -> None:
    looks.answered(0, 0)
    looks.look(30)
    looks.pause(3_600)
    looks.look(60 - 30 - MAX_STEP_S)
    with pytest.raises(StalledError):
        looks.look(5)


def test_one_that_is_given_up_is_forgotten(looks: Looks) -> None:
    looks.answered(0, 0)
    looks.look(59)
    asyncio.run(looks.partitions.release([0]))
    looks.look(300)
