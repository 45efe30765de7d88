"""Small logs made by hand, and a way to read a table written within a test."""

from pathlib import Path

import pytest

from streams.importers import Summary, events
from streams.importers.mapping_file import parse_mapping
from tests.unit.importers.reading import Log, Read


@pytest.fixture
def fixtures() -> Path:
    return Path(__file__).parent / "fixtures"


@pytest.fixture
def shipped() -> Path:
    """The mappings that come with the product."""
    return Path(__file__).parents[3] / "deploy" / "importers"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a table, given as text or bytes, with a mapping that has these lines as well."""

    def run(table: str | bytes, *lines: str) -> Log:
        path = tmp_path / "log.csv"
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
        head = ["source: s", "ticket: ticket", "time: at"]
        if not any(line.startswith("missing:") for line in lines):
            head.append("missing: cleared")
        summary = Summary()
        mapping = parse_mapping("M.yml", "\n".join([*head, *lines]))
        return list(events("csv", path, mapping, summary)), summary

    return run
