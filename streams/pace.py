"""Handing things out at a pace: so many a second, or as they happened, faster."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

Item = TypeVar("Item")


async def at_once(items: Iterable[Item]) -> AsyncIterator[Item]:
    """All items, as fast as they are taken."""
    for item in items:
        yield item


async def at_rate(items: Iterable[Item], per_second: float) -> AsyncIterator[Item]:
    """`per_second` items each second, counted from the first."""
    clock = asyncio.get_running_loop().time
    started = clock()
    for number, item in enumerate(items):
        await _until(started + number / per_second)
        yield item


async def as_it_happened(
    timed: Iterable[tuple[int, Item]], start_ms: int, speed: float
) -> AsyncIterator[Item]:
    """Items with the epoch milliseconds they are due at, `speed` times faster than it was.

    `start_ms` is now; what was due before it comes at once.
    """
    started = asyncio.get_running_loop().time()
    for due_ms, item in timed:
        await _until(started + (due_ms - start_ms) / 1000 / speed)
        yield item


async def _until(instant: float) -> None:
    """Wait for an instant of the event loop's clock; returns at once when it has passed."""
    ahead = instant - asyncio.get_running_loop().time()
    if ahead > 0:
        await asyncio.sleep(ahead)
