"""What the rules of Prometheus and their tests say, for tests."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.deploy.monitoring import DEPLOY

RULES: Final = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
RULE_TESTS: Final = sorted((DEPLOY / "prometheus" / "tests").glob("*_test.yml"))

SELECTOR: Final = re.compile(r"\b((?:[a-z]\w*:)*[a-z_]\w*)\s*\{([^}]*)\}")
LABEL: Final = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")

Rule = dict[str, Any]


def read(path: Path) -> Any:
    """A file as parsed YAML."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules(path: Path) -> Iterator[Rule]:
    """Every rule of a file."""
    for group in read(path)["groups"]:
        yield from group["rules"]


def alerts() -> dict[str, Rule]:
    """Every alert by its name."""
    every = [rule for path in RULES for rule in rules(path) if "alert" in rule]
    named = {rule["alert"]: rule for rule in every}
    assert len(named) == len(every), "two alerts of one name"
    return named


def records() -> dict[str, Rule]:
    """Every recording rule by the name of its series."""
    return {rule["record"]: rule for path in RULES for rule in rules(path) if "record" in rule}


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Every `name{labels}` of an expression."""
    for name, inside in SELECTOR.findall(expression):
        yield name, set(LABEL.findall(inside))


def sources(expression: str) -> set[str]:
    """The series an expression is drawn from in the end, those of its records included."""
    found = {name for name, _ in selectors(expression)}
    known = records()
    named = found | set(re.findall(r"\w+:\w+:\w+", expression))
    deeper = [sources(known[name]["expr"]) for name in named & known.keys()]
    return set[str]().union(found - known.keys(), *deeper)


def rule_tests() -> Iterator[dict[str, Any]]:
    """Every test of every file of tests."""
    for path in RULE_TESTS:
        yield from read(path)["tests"]
