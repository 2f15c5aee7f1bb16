"""The commands around the load: their output and exit codes."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from landing_files import HEADER, line, lines, text

from estore.cli import main

HOSTILE = "=cmd|'/C calc'!A0"
ROWS = [*lines(19), line(event_time=HOSTILE)]


class Shell:
    """Runs commands in one home. No command may end with a traceback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["--home", str(self.folder / "home"), *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        return result.exit_code, result.stdout, result.stderr

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def loaded(shell: Shell) -> Shell:
    """day.csv with 19 rows and a reject, a copy of it, and bad.csv."""
    shell.write("day.csv", text(ROWS))
    shell.write("copy.csv", text(ROWS))
    shell.write("bad.csv", b"a,b\n")
    assert shell("load", str(shell.folder))[0] == 1
    return shell


def test_load_reports_the_result_of_each_file(shell: Shell) -> None:
    day = shell.write("day.csv", text(ROWS))
    code, out, err = shell("load", day)
    assert (code, out) == (0, "")
    assert err.startswith(
        "day.csv: loaded, 20 rows, 1 rejected (1 × event_time not understood)\nload: "
    )
    assert "day.csv: unchanged\n" in shell("load", day)[2]
    _, _, err = shell("load", shell.write("copy.csv", text(ROWS)))
    assert f"copy.csv: duplicate; has the same rows as {day}; nothing was loaded twice\n" in err


def test_load_json_is_all_of_stdout_and_stderr_is_silent(shell: Shell) -> None:
    shell.write("a.csv", text(ROWS))
    shell.write("b.csv", b"")
    code, out, err = shell("load", "--json", str(shell.folder))
    assert (code, err) == (1, "")
    files = json.loads(out)["files"]
    assert [file["status"] for file in files] == ["loaded", "refused"]
    assert files[0] == {
        "uri": str(shell.folder / "a.csv"), "status": "loaded", "lines": 20, "loaded": 19,
        "rejected": 1, "ignored": 0, "reasons": {"event_time not understood": 1},
        "notes": [], "warnings": [], "error": None,
    }  # fmt: skip
    assert files[1]["error"] == "b.csv is empty; export it again"


def test_load_takes_a_mapping_and_restores_what_was_withdrawn(shell: Shell) -> None:
    mapping = shell.write("shop.toml", b'[columns]\nPreis = "price"')
    day = shell.write("day.csv", text(lines(3), HEADER.replace("price", "Preis")))
    assert shell("load", day)[0] == 1
    assert shell("load", "--mapping", mapping, day)[0] == 0
    assert shell("withdraw", day) == (
        0,
        f"{day}: 3 rows withdrawn; run `estore build` to update the tables\n",
        "",
    )
    assert "use --restore to load them again" in shell("load", "--mapping", mapping, day)[2]
    code, _, err = shell("load", "--restore", "--mapping", mapping, day)
    assert (code, err.split("\n")[0]) == (0, "day.csv: loaded, 3 rows")


def test_status_accounts_for_every_file_and_shows_why_one_was_refused(loaded: Shell) -> None:
    code, out, err = loaded("status")
    assert (code, err) == (0, "")
    table = [row.split() for row in out.splitlines()]
    assert table[0] == [
        "file",
        "status",
        "rows",
        "loaded",
        "rejected",
        "first",
        "day",
        "last",
        "day",
    ]
    assert table[1] == ["bad.csv", "refused", "0", "0"]
    assert table[2] == ["copy.csv", "loaded", "20", "19", "1", "2019-10-01", "2019-10-01"]
    assert table[3][:5] == ["day.csv", "duplicate", "20", "0", "0"]
    assert "bad.csv has none of the columns event_time" in out
    assert "19 of 20 rows loaded from 1 file, 1 rejected; days 2019-10-01 to 2019-10-01" in out
    assert "1 pending day" in out


def test_status_as_json_has_the_same_content(loaded: Shell) -> None:
    answer = json.loads(loaded("status", "--json")[1])
    assert (answer["loaded_files"], answer["lines"], answer["loaded"], answer["rejected"]) == (
        1,
        20,
        19,
        1,
    )
    assert [Path(file["uri"]).name for file in answer["files"]] == [
        "bad.csv",
        "copy.csv",
        "day.csv",
    ]
    assert answer["days_waiting"] == 1


def test_rejects_are_shown_and_exported_safe_for_a_spreadsheet(loaded: Shell) -> None:
    code, out, err = loaded("rejects")
    assert (code, err) == (0, "")
    assert f"event_time not understood: {HOSTILE}" in out
    rows = list(csv.DictReader(io.StringIO(loaded("rejects", "--format", "csv")[1])))
    assert [(Path(row["uri"]).name, row["line_number"]) for row in rows] == [("copy.csv", "21")]
    assert rows[0]["line_text"] == "'" + ROWS[-1]
    (answer,) = json.loads(loaded("rejects", "copy.csv", "--format", "json")[1])
    assert (answer["line_number"], answer["line_text"]) == (21, ROWS[-1])


def test_rejects_of_one_file_exclude_those_of_a_similar_name(loaded: Shell) -> None:
    assert loaded("rejects", "c_py.csv", "--format", "json")[0] == 3
    assert loaded("rejects", "%", "--format", "json")[0] == 3
    assert json.loads(loaded("rejects", "--limit", "0", "--format", "json")[1]) == []


def test_withdraw_says_when_a_copy_keeps_the_rows(loaded: Shell) -> None:
    copy, day = str(loaded.folder / "copy.csv"), str(loaded.folder / "day.csv")
    code, out, _ = loaded("withdraw", copy)
    assert (code, out) == (0, f"{copy}: withdrawn, but its rows stay: {day} has the same rows\n")
    assert loaded("withdraw", day)[1].startswith(f"{day}: 19 rows withdrawn")
    code, out, err = loaded("withdraw", day)
    assert (code, out) == (3, "")
    assert (
        err == f"error: {day}: no rows of this file are loaded; `estore status` lists the files\n"
    )


def test_query_answers_in_three_forms_and_never_writes(loaded: Shell) -> None:
    sql = "select event_type, count(*) as events from raw.events group by all"
    assert loaded("query", sql)[1].splitlines()[1].split() == ["view", "19"]
    assert loaded("query", sql, "--format", "csv")[1] == "event_type,events\nview,19\n"
    assert json.loads(loaded("query", sql, "--format", "json")[1]) == [
        {"event_type": "view", "events": 19}
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from raw.events", "drop table raw.events", "select * from nowhere", "selec 1",
        "", "/* */",
        "select * from read_csv('/etc/passwd')", "copy raw.events to '/tmp/stolen.csv'",
        "attach '/tmp/other.db'", "select 1; drop table raw.events",
        "set enable_external_access = true",
    ],
)  # fmt: skip
def test_a_query_that_is_wrong_or_not_allowed_is_an_error_and_changes_nothing(
    loaded: Shell, sql: str
) -> None:
    code, out, err = loaded("query", sql)
    assert (code, out) == (3, "1\n1\n" if sql.startswith("select 1;") else "")
    assert err.startswith("error: ")
    assert "19" in loaded("query", "select count(*) from raw.events")[1]


@pytest.mark.parametrize("command", [["status"], ["rejects"], ["query", "select 1"]])
def test_before_the_first_load_each_command_says_how_to_start(
    shell: Shell, command: list[str]
) -> None:
    code, out, err = shell(*command)
    assert (code, out) == (3, "")
    assert "nothing loaded yet; start with `estore run PATH`" in err


def test_a_home_that_is_a_file_is_reported(shell: Shell) -> None:
    day = shell.write("day.csv", text(ROWS))
    shell.write("home", b"")
    code, out, err = shell("load", day)
    assert (code, out) == (3, "")
    assert f"{shell.folder}/home" in err


def test_the_installed_command_has_the_documented_exit_codes(tmp_path: Path) -> None:
    """Runs in a new process, where no test code catches exceptions."""
    (tmp_path / "good.csv").write_bytes(text(ROWS))
    (tmp_path / "bad.csv.gz").write_bytes(b"\x1f\x8bnot really")
    ended = subprocess.run(
        [sys.executable, "-m", "estore.cli", "--home", "home", "load", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "bad.csv.gz: refused: bad.csv.gz is damaged" in ended.stderr
    assert "good.csv: loaded, 20 rows" in ended.stderr
    assert "Traceback" not in ended.stderr
