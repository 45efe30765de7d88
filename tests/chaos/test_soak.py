"""The short form of `make soak`: two minutes of a worker under steady load."""

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.chaos.soak import SPARE_FILES, soak
from tests.figures import keep

pytestmark = pytest.mark.kafka


def test_a_worker_under_load_judges_every_record_and_keeps_no_file_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = soak(tmp_path, minutes=2)
    with capsys.disabled():
        print(f"\n{found}")
    keep("soak-short", asdict(found))
    assert found.judged == found.produced > 0
    assert found.files_last <= found.files_first + SPARE_FILES
