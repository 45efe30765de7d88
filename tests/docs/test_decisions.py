"""docs/decisions: one number each, and whoever names one finds it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PLACES = ("README.md", "docs/**/*.md", "streams/**/*.py", "tests/**/*.py", "deploy/**/*.yml")
NAMED = re.compile(r"\bdecisions/(\d{4})")


def test_each_has_a_number_of_its_own_and_says_it() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(numbers) == len(set(numbers))
    for path, number in zip(DECISIONS, numbers, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(number)}. "), path.name


def test_whoever_names_one_finds_it() -> None:
    known = {path.name[:4] for path in DECISIONS}
    for path in sorted(found for place in PLACES for found in ROOT.glob(place)):
        for number in NAMED.findall(path.read_text(encoding="utf-8")):
            assert number in known, f"{path.relative_to(ROOT)} names decision {number}"
