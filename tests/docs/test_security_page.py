"""What docs/security.md says is so: its configurations load, its tests exist, its figures hold."""

import re
from pathlib import Path

import pytest
import yaml

from streams.cli import run
from streams.config import Config, load
from streams.core.instants import DAY, HOUR
from streams.kafka.topics_file import Use
from streams.kafka.topics_file import load as topics_of
from tests.brokers import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CONFIGURATIONS = [
    block
    for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    if block.startswith("# deskpulse.yml")
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_that_is_shown_loads(text: str, tmp_path: Path) -> None:
    (tmp_path / "deskpulse.yml").write_text(text)
    section = next(iter(yaml.safe_load(text)))
    assert getattr(load(tmp_path), section) != getattr(Config(), section)


def test_there_are_configurations_for_the_broker_and_the_metrics() -> None:
    assert [next(iter(yaml.safe_load(text))) for text in CONFIGURATIONS] == ["kafka", "metrics"]


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/.-]+)`", PAGE)
    assert len(named) >= 9
    for path in named:
        assert (ROOT / path).is_file(), path


def test_the_command_that_is_shown_prints_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf").mkdir()
    monkeypatch.chdir(tmp_path)
    (shown,) = re.findall(r"^deskpulse (topics acls .*)$", PAGE, re.MULTILINE)
    assert run(shown.split()) == 0
    assert capsys.readouterr().out.startswith("kafka-acls.sh ")
    for use in Use:
        assert f"`{use}`" in PAGE


def test_the_base_image_is_pinned_by_the_name_it_has() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    (image,) = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    assert f"imagetools inspect {image} " in PAGE
    assert f's|^FROM {image}|&@$digest|" deploy/Dockerfile' in PAGE


def test_the_times_after_which_something_erased_is_gone_are_those_of_the_topics() -> None:
    topics = topics_of(Config()).topics
    hours = {
        setting: int(topics.changelog.config[setting]) // HOUR
        for setting in ("max.compaction.lag.ms", "segment.ms")
    }
    for setting, number in hours.items():
        assert re.search(rf"`{setting}`\s+\({number} hours\)", PAGE), setting
    days = int(topics.dead_letters.config["retention.ms"]) // DAY
    assert f"untouched, for {days} days and at most one more" in PAGE
    told = topics.ticket_facts.config
    told_days, open_days = (int(told[name]) // DAY for name in ("retention.ms", "segment.ms"))
    assert f"for {told_days} days (`retention.ms`)\n  and at most one more" in PAGE
    assert open_days == int(topics.late.config["segment.ms"]) // DAY == 1
    assert f"has tickets for {int(topics.transitions.config['retention.ms']) // DAY} days" in PAGE
    assert f"({int(topics.source.config['retention.ms']) // DAY} days, unless" in PAGE
