"""A mapping file is accepted whole, or refused with everything that is wrong with it."""

import re
from pathlib import Path

import pytest

from streams.config.problems import ConfigError
from streams.core.events import ATTRIBUTES
from streams.importers import LogMapping, Reason, load_mapping
from streams.importers.mapping import Attributes
from streams.importers.mapping_file import parse_mapping

BASE = "source: s\nticket: t\ntime: a\nmissing: cleared\n"


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse_mapping("M.yml", text)
    return [str(problem) for problem in refused.value.problems]


def test_a_mapping_knows_every_attribute_of_the_contract() -> None:
    assert tuple(Attributes.model_fields) == ATTRIBUTES


def test_all_mistakes_are_told_at_once_with_line_path_and_what_was_expected() -> None:
    text = """\
sorce: s
ticket: t
ticket: u
timezone: Mars
time_format: "%H:%M"
missing: perhaps
hash: []
created: {by: first_row, activities: [Open], colum: x}
activity:
  values:
    Take: {status: opne, assignee: {colum: who}, reply: {role: cat}}
attributes:
  queue: team
  priority: {column: p, values: {P1: 1}}
  kind: {column: k, default: task}
  tags: {column: l}
  mood: {column: m}
csv: {delimiter: ";;", encoding: base64}
"""
    required = "found nothing, expected a value: the key is required"
    told = problems(text)
    assert [problem.partition(", expected")[0] for problem in told] == [
        "M.yml: source: found nothing",
        "M.yml: time: found nothing",
        "M.yml:1: sorce: unknown key",
        "M.yml:3: ticket: found a second time",
        'M.yml:4: timezone: found "Mars"',
        'M.yml:5: time_format: found "%H:%M"',
        'M.yml:6: missing: found "perhaps"',
        "M.yml:7: hash: found an empty list",
        "M.yml:8: created.colum: unknown key",
        "M.yml:9: activity.column: found nothing",
        'M.yml:11: activity.values.Take.status: found "opne"',
        "M.yml:11: activity.values.Take.assignee.column: found nothing",
        "M.yml:11: activity.values.Take.assignee.colum: unknown key",
        "M.yml:11: activity.values.Take.reply.author: found nothing",
        'M.yml:11: activity.values.Take.reply.role: found "cat"',
        "M.yml:13: attributes.queue: found a constant",
        "M.yml:14: attributes.priority.values.P1: found 1",
        "M.yml:15: attributes.kind.default: found no values that it could be the rest of",
        "M.yml:16: attributes.tags.split: found nothing",
        "M.yml:17: attributes.mood: unknown key",
        'M.yml:18: csv.delimiter: found ";;"',
        'M.yml:18: csv.encoding: found "base64"',
    ]
    assert {
        f"M.yml: source: {required}",
        f"M.yml:1: sorce: unknown key, expected one of {', '.join(LogMapping.model_fields)}",
        'M.yml:6: missing: found "perhaps", expected cleared or unchanged',
        "M.yml:13: attributes.queue: found a constant, expected {column: team}",
        f"M.yml:17: attributes.mood: unknown key, expected one of {', '.join(ATTRIBUTES)}",
    } <= set(told)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("snapshot_at: 2026-01-05T08:00:00Z", "snapshot_at: found time as well"),
        ("id: i\nhash: [h]", "hash: found id as well"),
        ("created: {by: activity, activities: [x]}", "found no activity.column"),
        ("created: {by: magic}", "found magic, expected one of first_row, activity, column"),
        ("created: {activities: [x]}", "found no key by"),
        (
            "activity: {column: a, values: {x: }}",
            "activity.values.x: found nothing, expected a map",
        ),
        ("created: {by: column, column: c, attributes: {queue: q}}", "expected {column: q}"),
        (
            "attributes: {queue: {column: q, values: {nobody: null}}}",
            "found nothing, expected text",
        ),
    ],
)
def test_a_contradiction_or_a_value_of_another_kind_is_told(line: str, problem: str) -> None:
    assert any(problem in each for each in problems(BASE + line))


@pytest.mark.parametrize("instant", ["2026-01-05T08:00:00", "monday", "1999-01-01T00:00:00Z"])
def test_the_instant_of_a_snapshot_has_an_offset_and_a_plausible_year(instant: str) -> None:
    text = BASE.replace("time: a", f"snapshot_at: {instant}")
    (problem,) = problems(text)
    assert "expected an instant with its offset" in problem


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_mapping(tmp_path / "M.yml")
    assert len(refused.value.problems) == 1
    assert "No such file" in str(refused.value)
    assert len(problems("[")) == 1


def test_every_shipped_mapping_is_valid(shipped: Path) -> None:
    paths = sorted(shipped.glob("*.yml"))
    assert len(paths) == 3
    assert all(load_mapping(path).source for path in paths)


def test_the_documentation_shows_valid_mappings_and_every_reason_and_key() -> None:
    text = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        parse_mapping("importing.md", block)
    told = set(re.findall(r"`([a-z_]+)`", text))
    assert {str(reason) for reason in Reason} <= told
    assert set(LogMapping.model_fields) <= told
