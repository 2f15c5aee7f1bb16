"""A command that fails prints one sentence, has the documented exit code, and no traceback."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import Workshop

from estore import reading
from estore.cli import main
from estore.error_report import unexpected
from estore.escaping import shortened

#: Arguments of commands, and wrong values that a person, a script or a shell may pass.
COMMANDS = (
    "run", "load", "build", "publish", "withdraw", "snapshot", "status", "rejects", "findings",
    "query", "report", "synth",
)  # fmt: skip
OPTIONS = (
    "--json", "--format", "--limit", "--mapping", "--restore", "--full-refresh", "--from", "--to",
    "--with-ids", "--events", "--months", "--seed", "--faults", "--buying", "--spend",
    "--repeat-hazard", "--help", "--", "-h", "-x", "--nosuch",
)  # fmt: skip
#: No value points outside the test's folder.
VALUES = (
    "", " ", "0", "1", "-1", "1e9", "nan", "inf", "99999999999999999999", "csv", "json", "table",
    "2019-10-01", "2019-13-45", "0000-00-00", "none", "all", "select 1", "select", ";", "'",
    "a.csv", ".", "~no-such-user", "/dev/null", "gs://", "s3://", "s3:///", "http://x/y",
    "*", "[", "[!", "{}", "%s", "$HOME", "\udce9.csv", "\x1b[31m", "\u202e", "日本.csv", "x" * 300,
    "x/" * 2000, "null", "-", "--=", "a\nb",
)  # fmt: skip


def run(home: Path, *arguments: str) -> Result:
    """Run a command, which must end with a message."""
    ended = CliRunner().invoke(main, ["--home", str(home), *arguments])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), arguments
    return ended


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status command with a bug."""

    def status(settings: object) -> None:
        raise ZeroDivisionError("unplanned\ncase")

    monkeypatch.setattr(reading, "status", status)


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_ends_with_3_and_its_traceback_is_in_a_log(tmp_path: Path) -> None:
    ended = run(tmp_path, "status")
    log = tmp_path / "logs" / "errors.log"
    assert (ended.exit_code, ended.stderr) == (
        3,
        "error: unexpected error: ZeroDivisionError: unplanned case. Please report "
        f"it with the details in {log}\n",
    )
    assert "Traceback (most recent call last)" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    run(tmp_path, "status")
    assert log.read_text().count("Traceback (most") == 2


@pytest.mark.usefixtures("broken")
def test_a_log_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    ended = run(tmp_path, "status")
    assert ended.exit_code == 3
    assert len(ended.stderr.splitlines()) == 1
    assert "The details cannot be written to" in ended.stderr
    assert "test_error_report.py" in ended.stderr or "cli.py, line" in ended.stderr


def test_the_log_of_errors_does_not_grow_without_end(tmp_path: Path) -> None:
    for _ in range(60):
        unexpected(ValueError("x" * 100_000), tmp_path)
    assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) < 2_500_000


def test_a_shortened_text_ends_with_a_complete_word() -> None:
    assert shortened("price, user_id,\nuser_session", 100) == "price, user_id, user_session"
    assert shortened("price, user_id, user_session", 20) == "price, user_id …"
    assert shortened("x" * 50, 10) == "xxxxxxxx …"


@pytest.mark.parametrize("command", [["status"], ["load", "a.csv"], ["build"]])
def test_an_empty_home_is_misuse_and_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(main, ["--home", "", *command])
    assert ended.exit_code == 2
    assert "Invalid value for '--home': is empty; name a path" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_misuse_stays_misuse(tmp_path: Path) -> None:
    for arguments in (["nosuch"], ["rejects", "--limit", "-1"], ["load"], ["query"]):
        assert run(tmp_path, *arguments).exit_code == 2
    assert run(tmp_path, "--help").exit_code == 0
    assert "x>=0" in run(tmp_path, "rejects", "--limit", "-1").stderr


def test_a_closed_output_pipe_is_not_a_failed_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "estore.cli", "synth", str(tmp_path / "s"), "--events", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ended:
        assert ended.stdout
        assert ended.stderr
        ended.stdout.close()
        said = ended.stderr.read().decode()
    assert ended.returncode == 141
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threads", "100000"), ("threads", "-1"), ("threads", "many"), ("memory_limit", "lots"),
        ("memory_limit", "-4GB"), ("memory_limit", "4"), ("memory_limit", "1KB"),
        ("memory_limit", "9999999TB"), ("memory_limit", " "), ("chunk_rows", "-1"),
        ("chunk_rows", "1" * 20), ("keep_versions", "0"), ("keep_versions", "100000000"),
        ("max_reject_share", "nan"), ("max_bytes_billed", "1" * 30), ("target", "oracle"),
    ],
)  # fmt: skip
def test_a_setting_out_of_bounds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ESTORE_{name.upper()}", value)
    ended = run(tmp_path, "status")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (3, 1), ended.stderr
    assert ended.stderr.startswith(f"error: ESTORE_{name.upper()}: ")


@pytest.mark.parametrize("value", ["[]", "{}", "nan", "inf", "true", "1.5", '""', '"x"', "[1, 2]"])
@pytest.mark.parametrize("name", ["shop_timezone", "as_of_date", "session_timeout_minutes"])
def test_a_threshold_of_the_wrong_kind_is_named(
    published_home: Workshop, name: str, value: str
) -> None:
    shop = published_home.settings.home / "shop.toml"
    shop.write_text(f"[thresholds]\n{name} = {value}\n")
    ended = run(published_home.settings.home, "build")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (3, 1), ended.stderr
    assert f"{shop}: [thresholds] {name}" in ended.stderr


def test_the_messages_of_small_mistakes(published_home: Workshop, tmp_path: Path) -> None:
    home = published_home.settings.home
    ended = run(home, "rejects", "nosuch.csv")
    assert ended.exit_code == 3
    assert "nosuch.csv: this file was never loaded; `estore status` lists the files" in ended.stderr
    assert run(home, "rejects", "a.csv").exit_code == 0
    ended = run(home, "withdraw", "\udce9.csv")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (3, 1)
    assert "not UTF-8" in ended.stderr
    (tmp_path / "file").write_text("x")
    ended = run(tmp_path / "file", "load", str(published_home.landing))
    assert (ended.exit_code, "is a file, not a folder" in ended.stderr) == (3, True)


def test_status_omits_unknown_values(workshop: Workshop) -> None:
    (workshop.landing / "bad.csv").write_text("a,b\n")
    assert run(workshop.settings.home, "load", str(workshop.landing)).exit_code == 1
    said = run(workshop.settings.home, "status").stdout
    assert "None" not in said
    assert "unknown" not in said
    assert "0 rejected; no days\nno complete build; no pending days\nsnapshot none" in said


@pytest.mark.parametrize(
    "count", [pytest.param(150, id="150"), pytest.param(3000, id="3000", marks=pytest.mark.long)]
)
def test_no_arguments_end_in_a_traceback(
    published_home: Workshop, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(published_home.landing)
    choice = random.Random(count)
    for _ in range(count):
        arguments = [choice.choice(COMMANDS)]
        for _ in range(choice.choice((0, 1, 1, 2, 2, 3, 4))):
            arguments.append(choice.choice(OPTIONS if choice.random() < 0.4 else VALUES))
        if arguments[0] == "synth":
            arguments += ["--events", "10", "--months", "1"]
        ended = run(published_home.settings.home, *arguments)
        assert ended.exit_code in (0, 1, 2, 3), (arguments, ended.output)
        assert "Traceback" not in ended.output, arguments
        assert "unexpected error" not in ended.output, (arguments, ended.output)
