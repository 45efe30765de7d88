"""How a log is packed and written, and what happens to one that is unusable."""

import gzip
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events import Accepted
from streams.importers import (
    FORMATS,
    Summary,
    UnusableInputError,
    events,
    load_mapping,
    run_import,
)
from streams.importers import run as run_module
from streams.wire.cloudevents import decode_line

FIXTURES = Path(__file__).parent / "fixtures"
FAR_AHEAD = 4_102_444_800_000  # 2100-01-01Z: nothing here is in the future


def test_plain_gzipped_and_zipped_logs_are_told_apart_by_their_bytes(
    fixtures: Path, tmp_path: Path
) -> None:
    raw = (fixtures / "audit.csv").read_bytes()
    out = tmp_path / "out.jsonl"
    run_import("servicenow-audit", fixtures / "audit.csv", out)
    expected = out.read_bytes()
    assert expected
    packed = tmp_path / "packed.csv"
    packed.write_bytes(gzip.compress(raw))
    run_import("servicenow-audit", packed, out)
    assert out.read_bytes() == expected
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("audit/", b"")
        archive.writestr("audit/log.csv", raw)
        archive.writestr("__MACOSX/audit/._log.csv", b"bookkeeping")
    run_import("servicenow-audit", packed, out)
    assert out.read_bytes() == expected


@pytest.mark.parametrize("form", FORMATS)
def test_every_event_written_is_accepted_by_the_engine(
    fixtures: Path, tmp_path: Path, form: str
) -> None:
    name = "audit.csv" if form == "servicenow-audit" else f"events.{form}"
    mapping = None if form == "servicenow-audit" else fixtures / f"events.{form}.yml"
    out = tmp_path / "out.jsonl"
    run_import(form, fixtures / name, out, mapping)
    arrivals = [
        decode_line(line, now_ms=FAR_AHEAD, future_skew_ms=0)
        for line in out.read_bytes().splitlines()
    ]
    assert arrivals
    assert [each for each in arrivals if not isinstance(each, Accepted)] == []


def test_the_keys_of_a_line_stand_in_the_order_of_the_contract(
    fixtures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    run_import("servicenow-audit", fixtures / "audit.csv", out)
    assert list(json.loads(out.read_bytes().splitlines()[1])) == [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "sequence",
        "data",
    ]


def test_order_time_sorts_by_time_ticket_and_sequence_and_ties_keep_the_files_order(
    tmp_path: Path,
) -> None:
    log, mapping, out = tmp_path / "log.csv", tmp_path / "M.yml", tmp_path / "out.jsonl"
    mapping.write_text(
        "source: s\nticket: t\ntime: at\nsequence: nr\nmissing: cleared\n"
        "attributes: {queue: {column: q}}\n"
    )
    rows = [
        "T1,2021-01-01T00:00:00.5Z,1,e",  # as text, it would sort before 00:00:00Z
        "T2,2021-01-01T00:00:00Z,1,d",
        "T1,2021-01-01T00:00:00Z,10,c",
        "T1,2021-01-01T00:00:00Z,9,b2",
        "T1,2021-01-01T00:00:00Z,9,b1",
        "T1,2021-01-01T00:00:00Z,,a",
    ]
    log.write_text("\n".join(["t,at,nr,q", *rows]))
    run_import("csv", log, out, mapping, order="time")
    queues = [json.loads(line)["data"]["queue"] for line in out.read_bytes().splitlines()]
    assert queues == ["a", "b2", "b1", "c", "d", "e"]


def test_order_time_loses_nothing(fixtures: Path, tmp_path: Path) -> None:
    by_file, by_time = tmp_path / "file.jsonl", tmp_path / "time.jsonl"
    mapping = fixtures / "events.csv.yml"
    run_import("csv", fixtures / "events.csv", by_file, mapping)
    run_import("csv", fixtures / "events.csv", by_time, mapping, order="time")
    in_file_order = by_file.read_bytes().splitlines()
    in_time_order = by_time.read_bytes().splitlines()
    assert in_time_order != in_file_order
    assert sorted(in_time_order) == sorted(in_file_order)


def test_progress_is_told_on_the_way_and_at_the_end(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "PACE", 4)
    told: list[int] = []

    def progress(summary: Summary) -> None:
        told.append(summary.events)

    summary = run_import(
        "servicenow-audit", fixtures / "audit.csv", tmp_path / "out", progress=progress
    )
    assert told == [4, 8, 8]
    assert summary.events == 8


def broken(tmp_path: Path, content: bytes, form: str = "csv") -> list[str]:
    """The problems of a log with this content; it leaves no output behind."""
    log, mapping, out = tmp_path / "log", tmp_path / "M.yml", tmp_path / "out.jsonl"
    log.write_bytes(content)
    mapping.write_text("source: s\nticket: t\ntime: a\nmissing: cleared\n")
    out.write_text("before")
    with pytest.raises(UnusableInputError) as refused:
        run_import(form, log, out, mapping)
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["M.yml", "log", "out.jsonl"]
    return [problem.removeprefix(f"{log}: ") for problem in refused.value.problems]


def test_a_damaged_archive_leaves_no_output(tmp_path: Path) -> None:
    rows = b"t,a\n" + b"".join(b"T%d,2021-01-01\n" % number for number in range(20_000))
    cut = gzip.compress(rows)[:-20]
    assert broken(tmp_path, cut)[0].startswith("damaged or unknown packing")
    assert broken(tmp_path, b"PK\x03\x04 and no more")[0].startswith("damaged")


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", b"")
        archive.writestr("b.csv", b"")
    assert broken(tmp_path, path.read_bytes()) == ["expected one file in the archive, found 2"]


def test_entities_of_an_xes_log_are_refused_before_they_unfold(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE log [<!ENTITY e0 "x">{entities}]><log><trace>&e11;</trace></log>'
    (problem,) = broken(tmp_path, bomb.encode(), "xes")
    assert problem.startswith("line 1: a document type declaration is refused")
    outside = b'<!DOCTYPE log SYSTEM "file:///etc/hostname"><log/>'
    assert "document type" in broken(tmp_path, outside, "xes")[0]


def test_what_is_no_xes_log_is_refused(tmp_path: Path) -> None:
    assert broken(tmp_path, b"<html></html>", "xes") == ["expected an XES log, found <html>"]
    assert "not XML that can be read" in broken(tmp_path, b"<log><trace></log>", "xes")[0]
    assert "not XML that can be read" in broken(tmp_path, b"", "xes")[0]


def test_an_encoding_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    unknown = b'<?xml version="1.0" encoding="klingon"?><log/>'
    assert "not XML that can be read" in broken(tmp_path, unknown, "xes")[0]


@pytest.mark.parametrize("form", FORMATS)
@given(st.binary(max_size=60), st.integers(0, 4_000), st.integers(0, 60))
def test_a_spoilt_log_is_read_or_refused_and_never_fails_in_another_way(
    form: str, noise: bytes, start: int, cut: int
) -> None:
    name = "audit.csv" if form == "servicenow-audit" else f"events.{form}"
    raw = (FIXTURES / name).read_bytes()
    spoilt = raw[: start % len(raw)] + noise + raw[start % len(raw) + cut :]
    mapping = None if form == "servicenow-audit" else load_mapping(FIXTURES / f"{name}.yml")
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        log.write_bytes(spoilt)
        summary = Summary()
        with suppress(UnusableInputError):
            read = list(events(form, log, mapping, summary))
            assert len(read) == summary.events
            assert summary.rows_refused <= summary.rows


def test_a_mistake_in_the_command_is_told(fixtures: Path, tmp_path: Path) -> None:
    log, out = fixtures / "audit.csv", tmp_path / "out.jsonl"
    with pytest.raises(UnusableInputError, match="expected one of servicenow-audit, csv, xes"):
        run_import("excel", log, out)
    with pytest.raises(UnusableInputError, match="csv needs --mapping"):
        run_import("csv", log, out)
    with pytest.raises(UnusableInputError, match=r"nowhere.csv: cannot be read \(No such file"):
        run_import("servicenow-audit", tmp_path / "nowhere.csv", out)
    with pytest.raises(UnusableInputError, match="cannot be written"):
        run_import("servicenow-audit", log, tmp_path / "no" / "out.jsonl")


def test_a_log_is_never_overwritten_with_its_own_events(fixtures: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.csv"
    log.write_bytes((fixtures / "audit.csv").read_bytes())
    with pytest.raises(UnusableInputError, match="expected another file"):
        run_import("servicenow-audit", log, log)
    assert log.read_bytes() == (fixtures / "audit.csv").read_bytes()
