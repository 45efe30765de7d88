"""Every way a folder can be wrong, and the line its author gets to read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import ConfigError, Problem, load

Folder = Callable[[str], Path]

DURATION = "a duration such as 90s, 15m, 4h or 7d"
POSITIVE = f"{DURATION}, longer than 0"
ZONE = "the name of a time zone such as Europe/Berlin or UTC"
HOST = "an address such as 127.0.0.1 or 0.0.0.0"
NAME = "letters, digits, dots, dashes or underscores"
APP = f"1 to 100 {NAME}, not starting with a dot"
ADDRESS = "HOST:PORT, or several with commas"
OPEN = (
    "is another machine: set kafka.security to tls or sasl_tls, or to plaintext if the network "
    "is to be trusted (or DESKPULSE_SECURITY)"
)
AT_MOST = "expected at most retention.closed_ticket (35d)"
PLACES = "expected env:NAME or file:PATH, as a secret never stands in the file"
TOPIC = f"1 to 249 {NAME}, not ending in a dot"

# The file, and the lines that refuse it (each after "deskpulse.yml:").
WRONG_VALUES = [
    (
        "lateness: {apply_within: 7 days}",
        f'1: lateness.apply_within: found "7 days", expected {DURATION}',
    ),
    (
        "lateness:\n  apply_within: 604800",
        f"2: lateness.apply_within: found 604800, expected {DURATION}",
    ),
    ("lateness: {future_skew: -5m}", f'1: lateness.future_skew: found "-5m", expected {DURATION}'),
    ("fcr_window: 1.5h", f'1: fcr_window: found "1.5h", expected {POSITIVE}'),
    ("commit_interval: 0s", f'1: commit_interval: found "0s", expected {POSITIVE}'),
    ("retention: {forgotten: 00d}", f'1: retention.forgotten: found "00d", expected {POSITIVE}'),
    ("windows: [5m, 1w]", f'1: windows[1]: found "1w", expected {POSITIVE}'),
    ("windows:\n- 5m\n- 0h", f'3: windows[1]: found "0h", expected {POSITIVE}'),
    ("windows: 5m", '1: windows: found "5m", expected a list'),
    (
        "periods: [day, decade]",
        '1: periods[1]: found "decade", expected day, week, month, quarter or year',
    ),
    ("timezone: Europe/Berln", '1: timezone: found "Europe/Berln", did you mean Europe/Berlin?'),
    ("timezone: ../etc/passwd", f'1: timezone: found "../etc/passwd", expected {ZONE}'),
    (
        "snapshots: {end_of_day: 24:30}",
        '1: snapshots.end_of_day: found "24:30", expected a time such as "18:00"',
    ),
    (
        "snapshots: {end_of_day: fri 18:00}",
        '1: snapshots.end_of_day: found "fri 18:00", expected a time such as "18:00"',
    ),
    (
        "snapshots: {end_of_week: 18:00}",
        '1: snapshots.end_of_week: found "18:00", expected a day and a time such as "fri 18:00"',
    ),
    ("queues: {payments: {tier: 0}}", "1: queues.payments.tier: found 0, expected at least 1"),
    (
        "queues: {payments: {tier: high}}",
        '1: queues.payments.tier: found "high", expected a whole number',
    ),
    (
        "queues: {payments: {department: ''}}",
        '1: queues.payments.department: found "", expected text that is not empty',
    ),
    (
        "queues: {payments: {department: 7}}",
        "1: queues.payments.department: found 7, expected text",
    ),
    ("queues: {'': {}}", '1: queues.: found "", expected text that is not empty'),
    ("queues: [payments]", "1: queues: found a list, expected a map"),
    ("queues: {payments: 2}", "1: queues.payments: found 2, expected a map of settings"),
    ("time: {event: {out_of_orderness: 1m}}", "1: time: found a map, expected wall or event"),
    (
        "delivery: at_most_once",
        '1: delivery: found "at_most_once", expected auto, exactly_once or at_least_once',
    ),
    ("max_series: 0", "1: max_series: found 0, expected at least 1"),
    ("max_series: 2.5", "1: max_series: found 2.5, expected a whole number"),
    ("max_series: true", "1: max_series: found true, expected a whole number"),
    ("max_series: '2000'", '1: max_series: found "2000", expected a whole number'),
    ("labels: {queue: {max: -1}}", "1: labels.queue.max: found -1, expected at least 0"),
    ("labels: {queue: 10}", "1: labels.queue: found 10, expected a map of settings"),
    (
        "sources: {acme: {response_signal: answer}}",
        '1: sources.acme.response_signal: found "answer", expected reply, pickup or left_new',
    ),
    (
        "sources: {acme: {resolution_at: done}}",
        '1: sources.acme.resolution_at: found "done", expected resolved or closed',
    ),
    ("metrics: {port: 65536}", "1: metrics.port: found 65536, expected at most 65535"),
    (
        "metrics: {bind: 'http://localhost'}",
        f'1: metrics.bind: found "http://localhost", expected {HOST}',
    ),
    ("app: desk pulse", f'1: app: found "desk pulse", expected {APP}'),
    ("topics: {late: late/events}", f'1: topics.late: found "late/events", expected {TOPIC}'),
    ("topics: {late: ..}", f'1: topics.late: found "..", expected {TOPIC}'),
    ("kafka: {bootstrap: kafka}", f'1: kafka.bootstrap: found "kafka", expected {ADDRESS}'),
    (
        "kafka: {bootstrap: 'a:1,b:65536'}",
        '1: kafka.bootstrap: found "a:1,b:65536", expected a port from 1 to 65535',
    ),
    (
        "kafka: {security: ssl}",
        '1: kafka.security: found "ssl", expected plaintext, tls or sasl_tls',
    ),
    ("kafka: {security: tls, cafile: 5}", "1: kafka.cafile: found 5, expected the path of a file"),
    (
        "kafka: {security: tls, username: ''}",
        '1: kafka.username: found "", expected a name, env:NAME or file:PATH',
    ),
    ("kafka:", "1: kafka: found nothing, expected a map of settings"),
    ("count_bots: yes", '1: count_bots: found "yes", expected true or false'),
    ("count_bots: 1", "1: count_bots: found 1, expected true or false"),
    (
        "credit: solver",
        '1: credit: found "solver", expected resolver, last_assignee or first_responder',
    ),
    (
        f"credit: {'x' * 80}",
        f'1: credit: found "{"x" * 56}..., expected resolver, last_assignee or first_responder',
    ),
    ("min_sample: 0", "1: min_sample: found 0, expected at least 1"),
    ("early_warning: {weeks: 27}", "1: early_warning.weeks: found 27, expected at most 26"),
    ("early_warning: {band: 0}", "1: early_warning.band: found 0, expected at least 1.0"),
]

CONTRADICTIONS = [
    (
        "early_warning: {weeks: 2}",
        "1: early_warning.min_weeks: found 3, expected at most early_warning.weeks (2)",
    ),
    (
        "lateness: {apply_within: 36d}",
        "1: lateness.apply_within: found 36d, expected at most retention.closed_ticket (35d)",
    ),
    (
        "retention: {closed_ticket: 6d}",
        "1: lateness.apply_within: found 7d, expected at most retention.closed_ticket (6d)",
    ),
    (
        "retention:\n  forgotten: 30d",
        "2: retention.closed_ticket: found 35d, expected at most retention.forgotten (30d)",
    ),
    (
        "topics: {late: lost, dead_letters: lost}",
        "1: topics.dead_letters: found the name of topics.late, expected one of its own",
    ),
    (
        "topics: {source: late-events}",
        "1: topics.late: found the name of topics.source, expected one of its own",
    ),
    ("kafka: {cafile: ca.pem}", "1: kafka.cafile: unused with security: plaintext, expected tls"),
    (
        "kafka: {security: tls, username: a}",
        "1: kafka.username: unused with security: tls, expected sasl_tls",
    ),
    (
        "kafka:\n  security: sasl_tls\n  username: a",
        "2: kafka.password: security: sasl_tls needs a password",
    ),
    (
        "kafka:\n  security: sasl_tls\n  password: env:P",
        "2: kafka.username: security: sasl_tls needs a username",
    ),
    ("kafka: {security: tls, keyfile: key.pem}", "1: kafka.keyfile: needs certfile"),
    (
        "kafka: {security: sasl_tls, mechanism: OAUTHBEARER}",
        "1: kafka.token: security: sasl_tls needs a token",
    ),
    (
        "kafka: {security: sasl_tls, mechanism: OAUTHBEARER, token: file:t, username: a}",
        "1: kafka.username: unused with mechanism: OAUTHBEARER",
    ),
    (
        "kafka: {security: sasl_tls, username: a, password: env:P, token: env:T}",
        "1: kafka.token: unused with mechanism: SCRAM-SHA-512",
    ),
    (
        "kafka: {bootstrap: 'kafka:9092'}",
        f"1: kafka.bootstrap: kafka:9092 {OPEN}",
    ),
    ("metrics: {keyfile: key.pem}", "1: metrics.keyfile: needs certfile"),
    (
        "metrics: {username: a}",
        "1: metrics.username: expected both, username and password",
    ),
    (
        "metrics: {token: env:T, username: a, password: env:P}",
        "1: metrics.token: expected either token or username and password",
    ),
    (
        "metrics: {bind: 0.0.0.0, token: env:T}",
        "1: metrics.token: would be sent to 0.0.0.0 unprotected, expected certfile beside it",
    ),
]

UNKNOWN_KEYS = [
    ("latenes: {}", "1: latenes: unknown key, did you mean lateness?"),
    (
        "lateness:\n  aply_within: 1d",
        "2: lateness.aply_within: unknown key, did you mean apply_within?",
    ),
    ("apply_within: 1d", "1: apply_within: unknown key, did you mean lateness.apply_within?"),
    ("queues: {payments: {teir: 2}}", "1: queues.payments.teir: unknown key, did you mean tier?"),
    (
        "sources: {a.b/*: {resolution: closed}}",
        "1: sources.a.b/*.resolution: unknown key, did you mean resolution_at?",
    ),
    ("metrics: {zzz: 1}", "1: metrics.zzz: unknown key, expected one of agents, bind, "),
    (
        "labels: {ticket: {max: 3}}",
        "1: labels.ticket: unknown key, expected one of channel, criterion, queue, segment, source",
    ),
    ("<<: {app: x}", "1: <<: unknown key, "),
]

NOT_A_DOCUMENT = [
    ("app: a\napp: b", "2: app: found a second time, expected once (line 1)"),
    (
        "labels:\n  queue: {max: 1}\n  queue: {max: 1}",
        "3: labels.queue: found a second time, expected once (line 2)",
    ),
    ("[a, list]", "1: found a list, expected a map of settings"),
    ("just text", '1: found "just text", expected a map of settings'),
    ("app: [", "1: expected the node content, but found '<stream end>'"),
    ("app:\n\tx", "2: found character '\\t' that cannot start any token"),
    ("app: a\n---\napp: b", "2: but found another document"),
    ("app: \x07", "1: special characters are not allowed"),
    (
        "app: a\nretention: &r {}\nlateness: *r",
        "3: found an alias or a tag, expected the value written out",
    ),
    ("windows: &w [*w]", "1: found an alias or a tag, expected the value written out"),
    (
        "app: !!python/object:os.system {}",
        "1: found an alias or a tag, expected the value written out",
    ),
    ('app: "\\ud800"', "1: found half a surrogate pair, expected a whole character"),
    ("{[a]: b}", "1: found a list or a map as a key, expected text"),
]


def lines(folder: Path) -> list[str]:
    """What the user reads about the folder."""
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "line"), [*WRONG_VALUES, *CONTRADICTIONS, *NOT_A_DOCUMENT], ids=lambda text: text[:40]
)
def test_a_mistake_is_one_line_with_place_found_and_expected(
    folder: Folder, text: str, line: str
) -> None:
    assert lines(folder(text)) == [f"deskpulse.yml:{line}"]


@pytest.mark.parametrize(("text", "line"), UNKNOWN_KEYS)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    folder: Folder, text: str, line: str
) -> None:
    (found,) = lines(folder(text))
    assert found.startswith(f"deskpulse.yml:{line}")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(folder: Folder) -> None:
    text = """\
app: desk pulse
app: deskpulse
lateness: {apply_within: 40d, future: 5m}
windows: [5m, soon, later]
kafka: {bootstrap: nowhere, password: env:P}
"""
    assert lines(folder(text)) == [
        f'deskpulse.yml:1: app: found "desk pulse", expected {APP}',
        "deskpulse.yml:2: app: found a second time, expected once (line 1)",
        "deskpulse.yml:3: lateness.future: unknown key, did you mean future_skew?",
        f"deskpulse.yml:3: lateness.apply_within: found 40d, {AT_MOST}",
        f'deskpulse.yml:4: windows[1]: found "soon", expected {POSITIVE}',
        f'deskpulse.yml:4: windows[2]: found "later", expected {POSITIVE}',
        f'deskpulse.yml:5: kafka.bootstrap: found "nowhere", expected {ADDRESS}',
        "deskpulse.yml:5: kafka.password: unused with security: plaintext, expected sasl_tls",
    ]


@pytest.mark.parametrize(
    "text",
    [
        # A contradiction with what a refused value might have meant is not reported:
        "lateness: {apply_within: soon}\nretention: {closed_ticket: 1d}",
        "lateness: []\nretention: {closed_ticket: 1d}",
        "kafka: {security: sasl, password: env:P}",
    ],
)
def test_a_refused_value_is_not_held_against_another_one(folder: Folder, text: str) -> None:
    assert len(lines(folder(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "kafka: {security: sasl_tls, username: a, password: hunter2}",
        "kafka: {security: sasl_tls, username: a, password: [hunter2]}",
        "kafka: {security: sasl_tls, username: a, password: 'env:hunter2 '}",
        "kafka: {security: sasl_tls, username: a, password: env:P, pasword: hunter2}",
        "kafka: {security: sasl_tls, username: a, password: env:P, password: hunter2}",
        "kafka: {security: sasl_tls, username: a, password: hunter2: x}",
        "kafka: {security: sasl_tls, mechanism: OAUTHBEARER, token: hunter2}",
        "metrics: {token: hunter2}",
        "metrics: {username: a, password: hunter2}",
    ],
)
def test_a_password_in_the_file_is_refused_and_never_repeated(folder: Folder, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(folder(text))
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert "hunter2" not in shown
    assert caught.value.__context__ is None


def test_a_plain_password_is_told_where_to_go(folder: Folder) -> None:
    text = "kafka: {security: sasl_tls, username: a, password: hunter2}"
    assert lines(folder(text)) == [f"deskpulse.yml:1: kafka.password: {PLACES}"]


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "conf"
    assert lines(missing) == [f"{missing}: no such folder, expected one that holds deskpulse.yml"]


def test_a_file_is_no_folder(folder: Folder) -> None:
    file = folder("") / "deskpulse.yml"
    assert lines(file) == [f"{file}: Not a directory, expected a folder"]


@pytest.mark.parametrize("name", ["deskpulse.yaml", "Deskpulse.yml", "policies.YML"])
def test_a_yaml_file_nobody_reads_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("", encoding="utf-8")
    assert lines(tmp_path) == [
        f"{name}: unknown file, expected deskpulse.yml, sla.yml or scorecards.yml"
    ]


def test_other_files_may_stand_beside_it(folder: Folder, tmp_path: Path) -> None:
    for name in ("bank-holidays.ics", "ca.pem", ".deskpulse.yml.swp", ".hidden.yml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert load(folder("app: other")).app == "other"


def test_a_file_has_to_be_utf8(tmp_path: Path) -> None:
    (tmp_path / "deskpulse.yml").write_bytes(b"app: \xfc")
    assert lines(tmp_path) == ["deskpulse.yml: not UTF-8, save the file with that encoding"]


def test_a_file_has_to_be_readable(tmp_path: Path) -> None:
    (tmp_path / "deskpulse.yml").mkdir()
    assert lines(tmp_path) == ["deskpulse.yml: Is a directory, expected a file that can be read"]


# The characters that mean something in YAML, so that many examples get past the parser.
YAML_TEXT = st.lists(
    st.sampled_from([*":-[]{},#&*!|>'\"%@`?\n\t ", "app", "kafka", "windows", "5m", "~", "\x00"])
    | st.text(st.characters(codec="utf-8"), max_size=3)
).map("".join)


@given(text=YAML_TEXT)
def test_any_text_is_a_configuration_or_a_list_of_problems(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any" / "deskpulse.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    problems: tuple[Problem, ...] | None = None
    try:
        load(file.parent)
    except ConfigError as error:
        problems = error.problems
    assert problems is None or problems
    assert all("\n" not in str(problem) for problem in problems or ())


def test_the_problems_are_there_for_programs_too(folder: Folder) -> None:
    with pytest.raises(ConfigError) as caught:
        load(folder("\nmax_series: 0"))
    assert caught.value.problems == (
        Problem("deskpulse.yml", 2, "max_series", "found 0, expected at least 1"),
    )
