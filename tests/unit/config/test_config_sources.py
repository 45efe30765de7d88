"""Which settings a source gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.config import load
from streams.core.settings import DEFAULT_SOURCE, ResponseSignal

Folder = Callable[[str], Path]


@pytest.mark.parametrize(
    ("pattern", "source", "matches"),
    [
        ("zendesk/acme", "zendesk/acme", True),
        ("zendesk/acme", "zendesk/acme2", False),
        ("zendesk/*", "zendesk/", True),
        ("zendesk/*", "zendesk/acme/eu", True),
        ("zendesk/*", "zendesk", False),
        ("*", "", True),
        ("*/eu", "zendesk/acme/eu", True),
        ("z*k/*e", "zendesk/acme", True),
        ("*", "two\nlines", True),
        ("a?c", "abc", False),
        ("a?c", "a?c", True),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a.c", "abc", False),
        ("Zendesk/*", "zendesk/acme", False),
    ],
)
def test_a_star_is_any_text_and_all_else_is_literal(
    folder: Folder, pattern: str, source: str, matches: bool
) -> None:
    engine = load(folder(f"sources: {{'{pattern}': {{response_signal: pickup}}}}")).engine
    assert (engine.source(source).response_signal is ResponseSignal.PICKUP) is matches


def test_the_first_match_in_the_file_counts(folder: Folder) -> None:
    text = """
        sources:
          zendesk/eu*: {response_signal: pickup}
          zendesk/*: {response_signal: left_new}
          "*": {}
    """
    engine = load(folder(text)).engine
    assert engine.source("zendesk/eu-1").response_signal is ResponseSignal.PICKUP
    assert engine.source("zendesk/us").response_signal is ResponseSignal.LEFT_NEW
    assert engine.source("zammad").response_signal is ResponseSignal.REPLY


def test_a_source_without_a_pattern_has_the_defaults(folder: Folder) -> None:
    assert load(folder("")).engine.source("zendesk/acme") == DEFAULT_SOURCE
