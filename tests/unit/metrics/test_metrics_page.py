"""docs/metrics.md says what is exported."""

import subprocess
import sys
from pathlib import Path

from streams.metrics.catalogue import CATALOGUE
from streams.metrics.page import page
from streams.wire.reasons import FLAGS, Reason

PUBLISHED = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_published_page_is_what_the_program_prints() -> None:
    """If not: python -m streams.metrics > docs/metrics.md."""
    command = [sys.executable, "-m", "streams.metrics"]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=PUBLISHED.parents[1])
    assert PUBLISHED.read_bytes() == printed.stdout


def test_every_metric_reason_and_flag_has_a_row_of_its_own() -> None:
    firsts = [line.split("|")[1].strip() for line in page().splitlines() if line.startswith("| `")]
    for name in (*(metric.exported for metric in CATALOGUE), *FLAGS):
        assert firsts.count(f"`{name}`") == 1, name
    assert set(firsts) > {f"`{reason}`" for reason in Reason}


def test_every_row_has_the_cells_of_its_head() -> None:
    columns = 0
    for line in page().splitlines():
        cells = line.count("|")
        assert not (columns and cells) or cells == columns, line
        columns = cells
