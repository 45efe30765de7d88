"""The lock files: complete, with hashes, for every machine, and of one mind."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
RUNTIME: Final = ROOT / "requirements.lock"
BUILD: Final = ROOT / "deploy" / "build.lock"
NATIVE: Final = ROOT / "deploy" / "native.lock"
AUDIT: Final = ROOT / "deploy" / "audit.lock"
DEV: Final = ROOT / "requirements-dev.lock"
MUTATE: Final = ROOT / "deploy" / "mutate.lock"

_LINE: Final = re.compile(
    r"""
      \#.*                                      # a comment
    | [a-z0-9-]+==[\w.+]+ (\ ;\ [^\\]+)? \ \\   # a version, for which machines
    | \ {4}--hash=sha256:[0-9a-f]{64} (\ \\)?   # a file of it
    | \ {4}\#.*                                 # who wants it
    """,
    re.VERBOSE,
)


def pins(lock: Path) -> dict[str, str]:
    """Version by package."""
    found = re.findall(r"^([a-z0-9-]+)==([\w.+]+)", lock.read_text(), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize(
    "lock", [RUNTIME, BUILD, NATIVE, AUDIT, DEV, MUTATE], ids=lambda path: path.name
)
def test_a_lock_has_versions_and_hashes_and_no_address_or_option(lock: Path) -> None:
    text = lock.read_text()
    assert [line for line in text.splitlines() if not _LINE.fullmatch(line)] == []
    assert "://" not in text
    hashes_by_pin = re.findall(r"^[a-z0-9-]+==.*\\\n((?: {4}--hash.*\n)+)", text, re.MULTILINE)
    # A package may be there twice, for older and for newer Pythons.
    assert len(hashes_by_pin) == len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE))


@pytest.mark.parametrize("lock", [RUNTIME, BUILD, NATIVE], ids=lambda path: path.name)
def test_the_development_lock_has_the_same_versions_and_more(lock: Path) -> None:
    assert pins(lock).items() <= pins(DEV).items()


def test_everything_the_project_asks_for_is_locked_at_an_allowed_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        RUNTIME: project["project"]["dependencies"],
        BUILD: project["build-system"]["requires"],
        DEV: project["dependency-groups"]["dev"],
    }
    for lock, requirements in asked.items():
        locked = pins(lock)
        for requirement in map(Requirement, requirements):
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
