"""Hypothesis strategies: policy files that make every rule about clocks matter.

They go with the events of `tests.strategies`, which happen within minutes of a few midnights:
calendars open and close between those minutes, and targets are used up between them.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from streams.config.schema import adapter
from streams.core.policies import CLOCKS, Policies

Sla = dict[str, Any]

CALENDARS = {
    "minutes": {
        "timezone": "UTC",
        "hours": {"mon-sun": ["00:00-00:05", "00:10-00:11", "00:12-01:10", "23:00-23:30"]},
        "holidays": [{"date": "2024-03-02", "hours": ["00:04-00:12"]}, {"date": "2024-03-03"}],
    },
    "nights": {
        "timezone": "Europe/Berlin",
        "hours": {"mon-thu": ["00:30-01:20"], "fri-sun": ["22:00-01:05"]},
        "holidays": [{"date": "2024-03-07", "hours": ["00:00-00:04", "01:08-01:15"]}],
    },
}
"""Open and closed between the minutes at which events happen."""

TARGETS = ("60s", "2m", "4m", "59m", "2h", "30h")
WARNINGS = (["50%"], ["50%", "90%", "1m"], ["5m"], ["100h"])
STATUSES = ("new", "open", "pending", "on_hold", "other")


def slas() -> SearchStrategy[Sla]:
    """A policy file as `yaml.safe_load` gives it; shrinks towards one policy of one clock.

    Half of them have something for everybody.
    """
    some, everybody = _policies(True), _policies(False)
    return st.one_of(st.tuples(some, everybody.filter(bool)), st.tuples(some, some, everybody)).map(
        _file
    )


def _file(found: Iterable[Sla | None]) -> Sla:
    policies = [policy for policy in found if policy] or [_PLAIN]
    named = [{"name": f"p{n}", **policy} for n, policy in enumerate(policies, 1)]
    return {"calendars": CALENDARS, "policies": named}


_PLAIN: Sla = {"calendar": "24x7", "targets": {"first_response": "60s"}}


def _policies(conditional: bool) -> SearchStrategy[Sla | None]:
    when = st.fixed_dictionaries(
        {},
        optional={
            "priority": st.lists(st.sampled_from(("urgent", "normal", "other", "")), min_size=1),
            "queue": st.lists(st.sampled_from(("billing", "tech", "")), min_size=1),
        },
    ).filter(bool)
    policy = st.fixed_dictionaries(
        {
            "calendar": st.sampled_from(("24x7", *CALENDARS)),
            "targets": st.dictionaries(st.sampled_from(CLOCKS), st.none(), min_size=1).flatmap(
                lambda named: st.fixed_dictionaries({clock: _target(clock) for clock in named})
            ),
        },
        optional={
            "effective_from": st.sampled_from(("2024-03-01T00:10:00Z", "2024-03-02T00:00:00Z"))
        }
        if conditional
        else {},
    )
    if not conditional:
        return st.one_of(policy, st.none())
    return st.one_of(st.none(), st.builds(lambda p, w: {**p, "when": w}, policy, when))


def _target(clock: str) -> SearchStrategy[Any]:
    within = st.sampled_from(TARGETS)
    by_priority = st.dictionaries(st.sampled_from(("urgent", "normal", "low")), within, min_size=1)
    options: dict[str, SearchStrategy[Any]] = {
        "pause": st.lists(st.sampled_from(STATUSES), unique=True, min_size=1),
        "warn": st.sampled_from(WARNINGS),
        "retarget": st.sampled_from(("keep", "recompute")),
    }
    if clock == "resolution":
        options["on_reopen"] = st.sampled_from(("resume", "restart", "keep_first"))
    beside = st.fixed_dictionaries({}, optional=options)
    return st.one_of(
        within,
        st.builds(lambda w, more: {"within": w, **more}, within, beside),
        st.builds(lambda targets, more: {**targets, **more}, by_priority, beside),
    )


def policies(sla: Mapping[str, Any]) -> Policies:
    """The engine's policies of a policy file."""
    return _policies_of(json.dumps(sla))


@lru_cache(maxsize=64)
def _policies_of(sla: str) -> Policies:
    return adapter().validate_json(sla).engine.policies
