"""What `load` makes of a folder that is right: defaults, the contract's file, overrides."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.config import Config, ConfigError, Moment, load
from streams.config.model import Metrics, Queue
from streams.core.instants import DAY, HOUR, MINUTE
from streams.core.settings import ResolutionAt, ResponseSignal, Settings, SourceSettings

Folder = Callable[[str], Path]

CONTRACT = """
kafka: {bootstrap: "127.0.0.1:9092", security: plaintext}
timezone: Europe/Berlin
windows: [5m, 1h, 24h, 7d]
periods: [day, week, month, quarter, year]
snapshots: {end_of_day: "18:00", end_of_week: "fri 18:00"}
queues: {payments: {tier: 2, department: billing}}
lateness: {apply_within: 7d, future_skew: 5m}
retention: {closed_ticket: 35d, forgotten: 400d}
time: wall
delivery: exactly_once
max_series: 2000
labels: {queue: {max: 10}, segment: {max: 10}}
sources:
  servicenow/*: {response_signal: left_new}
"""

KPIS = """
count_bots: true
count_automatic: true
exclude_spam_from_windows: true
credit: first_responder
mature_after: 20d
count_reopened: false
fcr_window: 3d
fcr_basis: contact
contact_gap: 10m
repeat_window: 2d
transfer_level: department
ces_direction: low_easy
contact: requester_message
planned_leave_counts: false
min_staff: 2
conflict_clock: created
return_within: 60d
min_sample: 30
"""


def test_an_empty_folder_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Config()


@pytest.mark.parametrize(
    "text", ["", "# nothing but a remark\n", "---\n", "{}\n", "\ufeffapp: deskpulse"]
)
def test_a_file_that_sets_nothing_new_gives_the_defaults(folder: Folder, text: str) -> None:
    assert load(folder(text)) == Config()


def test_the_defaults_of_the_engine_are_those_of_the_core() -> None:
    assert Config().engine == replace(Settings(), zone=Config().timezone)


def test_the_file_of_the_contract_loads(folder: Folder) -> None:
    config = load(folder(CONTRACT))
    assert config.delivery == "exactly_once"
    assert config.queues == {"payments": Queue(tier=2, department="billing")}
    assert config.engine.source("servicenow/prod").response_signal is ResponseSignal.LEFT_NEW


def test_the_values_shown_in_the_contract_are_the_defaults(folder: Folder) -> None:
    shown = load(folder(CONTRACT))
    default = Config()
    # Names and addresses are examples there; delivery adapts to the broker.
    examples = {"queues", "sources", "delivery"}
    # Plaintext that is not written is for this machine only.
    assert shown.kafka == replace(default.kafka, security="plaintext")
    for name in set(Config.__dataclass_fields__) - examples - {"kafka"}:
        assert getattr(shown, name) == getattr(default, name), name


def test_every_setting_of_the_kpis_is_a_key_at_the_top(folder: Folder) -> None:
    config = load(folder(KPIS))
    default = Config()
    for line in KPIS.split():
        if line.endswith(":"):
            key = line.removesuffix(":")
            assert getattr(config, key) != getattr(default, key), key
    assert (config.fcr_window, config.contact_gap) == (3 * DAY, 10 * MINUTE)


def test_the_engine_gets_what_the_file_says(folder: Folder) -> None:
    text = """
        windows: [1h, 5m]
        lateness: {apply_within: 1d, future_skew: 90s}
        retention: {closed_ticket: 2d, forgotten: 3d}
        count_bots: true
        count_automatic: true
        exclude_spam_from_windows: true
        sources: {acme: {resolution_at: closed}}
    """
    assert load(folder(text)).engine == Settings(
        apply_within=DAY,
        future_skew=90_000,
        behind=90_000,
        closed_ticket=2 * DAY,
        forgotten=3 * DAY,
        zone=ZoneInfo("Europe/Berlin"),
        windows=(5 * MINUTE, HOUR),
        count_bots=True,
        count_automatic=True,
        exclude_spam_from_windows=True,
        sources=(("acme", SourceSettings(resolution_at=ResolutionAt.CLOSED)),),
    )


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("kafka: {security: tls, bootstrap: 'a:1, [::1]:9092'}", "bootstrap", "a:1,[::1]:9092"),
        ("kafka: {security: tls, cafile: ca.pem}", "cafile", "ca.pem"),
        ("kafka: {security: tls, cafile: /etc/ca.pem}", "cafile", "/etc/ca.pem"),
    ],
)
def test_kafka_is_told_addresses_without_spaces_and_files_from_the_folder(
    folder: Folder, text: str, key: str, value: str
) -> None:
    path = folder(text)
    expected = path / value if key == "cafile" else value
    assert getattr(load(path).kafka, key) == expected


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("windows: [7d, 1h, 60m]", "windows", (HOUR, 7 * DAY)),
        ("windows: []", "windows", ()),
        ("periods: [year, day, year]", "periods", ("day", "year")),
        ("timezone: UTC", "timezone", ZoneInfo("UTC")),
        ("time: event\nout_of_orderness: 30s", "out_of_orderness", 30_000),
        ("out_of_orderness: 0s", "out_of_orderness", 0),
        ("queues: {70: {}, true: {tier: 3}}", "queues", {"70": Queue(), "true": Queue(tier=3)}),
        ("fcr_basis: null", "fcr_basis", None),
    ],
)
def test_a_key_takes_its_value(folder: Folder, text: str, key: str, value: object) -> None:
    assert getattr(load(folder(text)), key) == value


def test_a_section_keeps_the_defaults_of_the_keys_it_leaves_out(folder: Folder) -> None:
    config = load(folder("snapshots: {end_of_day: 24:00}\nlabels: {queue: {max: 3}}"))
    assert config.snapshots.end_of_day == Moment(24 * 60)
    assert config.snapshots.end_of_week == Moment(18 * 60, weekday=4)
    assert (config.labels.queue.max, config.labels.segment.max) == (3, 10)


def test_equal_horizons_are_in_order(folder: Folder) -> None:
    text = "lateness: {apply_within: 7d}\nretention: {closed_ticket: 7d, forgotten: 168h}"
    assert load(folder(text)).retention.forgotten == 7 * DAY


def test_the_environment_overrides_the_address_of_the_broker(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("DESKPULSE_SECURITY", "plaintext")
    assert load(tmp_path).kafka.bootstrap == "kafka:9092"
    assert load(folder("kafka: {bootstrap: 'elsewhere:1'}")).kafka.bootstrap == "kafka:9092"


@pytest.mark.parametrize(
    "bootstrap", ["kafka:9092", "10.0.0.1:9092", "127.0.0.1:9092,kafka:9092", "[fe80::1]:9092"]
)
def test_plaintext_to_another_machine_has_to_be_written(folder: Folder, bootstrap: str) -> None:
    with pytest.raises(ConfigError, match=r"is another machine: set kafka.security to tls"):
        load(folder(f"kafka: {{bootstrap: '{bootstrap}'}}"))
    written = load(folder(f"kafka: {{bootstrap: '{bootstrap}', security: plaintext}}"))
    assert written.kafka.security == "plaintext"


@pytest.mark.parametrize(
    "bootstrap", ["localhost:1", "127.9.9.9:1", "[::1]:1", "127.0.0.1:1,[::1]:1"]
)
def test_plaintext_to_this_machine_need_not_be_written(folder: Folder, bootstrap: str) -> None:
    assert load(folder(f"kafka: {{bootstrap: '{bootstrap}'}}")).kafka.security is None


def test_the_environment_overrides_the_security(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One folder serves a laptop and a container; the address alone does not give it away."""
    text = "kafka: {bootstrap: 'elsewhere:1'}"
    monkeypatch.setenv("DESKPULSE_SECURITY", "tls")
    assert load(folder(text)).kafka.security == "tls"


def test_the_environment_names_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pod has a name of its own, and all of them one folder."""
    assert load(tmp_path).kafka.instance is None
    monkeypatch.setenv("DESKPULSE_INSTANCE", "deskpulse-worker-0")
    assert load(tmp_path).kafka.instance == "deskpulse-worker-0"


def test_the_environment_overrides_the_address_of_the_metrics(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container listens beyond its own loopback, with the same folder."""
    monkeypatch.setenv("DESKPULSE_METRICS_BIND", "::")
    assert load(folder("metrics: {port: 9109}")).metrics == Metrics(bind="::", port=9109)


def test_an_empty_override_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_BOOTSTRAP", "")
    assert load(tmp_path).kafka.bootstrap == "127.0.0.1:9092"


def test_a_wrong_override_is_named_as_the_place_of_the_mistake(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_BOOTSTRAP", "kafka")
    with pytest.raises(ConfigError) as caught:
        load(folder("kafka: {bootstrap: 'elsewhere:1'}"))
    assert str(caught.value) == (
        "DESKPULSE_BOOTSTRAP: kafka.bootstrap: "
        'found "kafka", expected HOST:PORT, or several with commas'
    )


def test_a_configuration_cannot_be_changed(folder: Folder) -> None:
    config = load(folder("queues: {payments: {}}"))
    with pytest.raises(FrozenInstanceError):
        config.kafka.bootstrap = "elsewhere:1"  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.queues["refunds"] = Queue()  # type: ignore[index]
