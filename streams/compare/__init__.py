"""How sure is a difference? Intervals around what changed between before and after."""

from streams.compare.intervals import Interval, difference, judge

__all__ = ("Interval", "difference", "judge")
