"""One folder of YAML becomes one frozen, validated `Config`, or a list of everything wrong.

Reading order: `model` (what can be set), `values` (how a value is written), `document`
(YAML to plain data with line numbers), `rules` (what no single key can tell), `loading`
(all of it in order), `problems` (what the user sees), `schema` (the same as JSON Schema),
`series` (what the label budgets cost) and `environment`.
"""

from streams.config.loading import load
from streams.config.model import Config
from streams.config.problems import ConfigError, Problem
from streams.config.series import Family, estimate_series
from streams.config.values import Moment, Reference, duration_text

__all__ = [
    "Config",
    "ConfigError",
    "Family",
    "Moment",
    "Problem",
    "Reference",
    "duration_text",
    "estimate_series",
    "load",
]
