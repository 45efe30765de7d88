"""A configuration folder per test, and no variables of the machine that runs it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.config.loading import OVERRIDES

Folder = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in OVERRIDES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes deskpulse.yml and gives its folder."""

    def write(text: str) -> Path:
        (tmp_path / "deskpulse.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def sla(tmp_path: Path) -> Folder:
    """Writes sla.yml and gives its folder."""

    def write(text: str) -> Path:
        (tmp_path / "sla.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return write
