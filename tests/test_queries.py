"""`estore query` and `estore tables`: exact values, the same names everywhere, bounded."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import Workshop

from estore import pipeline
from estore.cli import main
from estore.console import Console
from estore.errors import EstoreError
from estore.landing import find_files
from estore.queries import described, output
from estore.queries.ask import ask
from estore.runlock import run_lock
from estore.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
VALUES = (
    "select 2019 as year, 1e-5 as small, null as nothing, '' as empty, "
    "timestamp '2020-01-01 00:00:00.123' as at, 5.50 as price, true as yes, "
    "2103807459595387724 as id, -1 as minus"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A published shop with one rejected row."""
    workshop = Workshop(tmp_path_factory.mktemp("shop"), max_reject_share=1)
    workshop.write(
        "a.csv",
        [{"event_type": kind} for kind in ("view", "cart", "purchase")] + [{"event_time": "soon"}],
    )
    files = find_files([str(workshop.landing)])
    pipeline.run(workshop.settings, workshop.shop, files, Console(quiet=True))
    return workshop


def estore(shop: Workshop, *arguments: str, **options: Any) -> Result:
    home = ["--home", str(shop.settings.home)]
    return CliRunner().invoke(main, [*home, *arguments], **options)


@pytest.mark.parametrize("sql", [
    "select * from metrics_churn", "select * from metrics.metrics_churn",
    "from dim_categories", "from marts.dim_categories", "from cube_sales",
    "from dashboard.cube_sales",
    "from int_event_days", "from intermediate.int_event_days", "from raw_files", "from raw.files",
    "from raw_rejects", "select uri, line_number from raw.rejects", "from raw_rejects_by_reason",
    "from definitions", "from lineage_models", "from lineage_edges", "from build_tests",
    "describe metrics_churn", "describe metrics.metrics_churn", "summarize metrics_churn",
    "with a as (select 1 as n) from a", "select 1; select 2 -- done", "values (1)",
])  # fmt: skip
def test_a_table_name_means_the_same_during_a_run(shop: Workshop, sql: str) -> None:
    before = estore(shop, "query", sql, "--format", "json")
    with run_lock(shop.settings.home, "run"):
        during = estore(shop, "query", sql, "--format", "json")
    assert before.exit_code == during.exit_code == 0, (before.output, during.output)
    assert "from snapshot v000001" in during.stderr and not before.stderr
    if "describe" not in sql:
        assert sorted(before.stdout) == sorted(during.stdout)


def test_values_are_shown_as_they_are(shop: Workshop) -> None:
    names, values = (line.split() for line in estore(shop, "query", VALUES).stdout.splitlines())
    assert names == ["year", "small", "nothing", "empty", "at", "price", "yes", "id", "minus"]
    assert values == ["2019", "1e-05", "NULL", "2020-01-01", "00:00:00.123", "5.50", "true",
                      "2103807459595387724", "-1"]  # fmt: skip
    assert estore(shop, "query", VALUES, "--format", "csv").stdout.splitlines()[1] == (
        '2019,1e-05,,"",2020-01-01 00:00:00.123,5.50,true,2103807459595387724,-1'
    )
    assert json.loads(estore(shop, "query", VALUES, "--format", "json").stdout) == [
        {"year": 2019, "small": 1e-5, "nothing": None, "empty": "",
         "at": "2020-01-01T00:00:00.123000", "price": 5.5, "yes": True,
         "id": 2103807459595387724, "minus": -1}
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_the_guard_against_formulas_can_be_turned_off(shop: Workshop, start: str) -> None:
    text = f"""{start}cmd|'/C "calc"'!A0, b"""
    sql = f"select chr({ord(start)}) || '{text[1:].replace(chr(39), chr(39) * 2)}' as a, 1 as b"
    for arguments, expected in ((["--raw"], text), ([], f"'{text}")):
        said = estore(shop, "query", sql, "--format", "csv", *arguments).stdout
        rows = list(csv.reader(io.StringIO(said, newline="")))
        assert rows == [["a", "b"], [expected, "1"]]


def test_csv_of_any_type_can_be_read_back(shop: Workshop) -> None:
    sql = (
        "select ['a', 'b'] as list, {'x': 1} as pair, interval 1 day as span, uuid as id, "
        "'ä,\"\n' as text, [1, 2] as numbers, [1.5] as decimals from (select "
        "'6a3f0f76-0e5e-4a3e-9f3b-000000000001'::uuid as uuid)"
    )
    said = estore(shop, "query", sql, "--format", "csv").stdout
    assert list(csv.reader(io.StringIO(said)))[1] == [
        "[a, b]", "{'x': 1}", "1 day", "6a3f0f76-0e5e-4a3e-9f3b-000000000001", 'ä,"\n',
        "[1, 2]", "[1.5]",
    ]  # fmt: skip
    alone = estore(shop, "query", "select null as a union all select ''", "--format", "csv")
    assert len(list(csv.reader(io.StringIO(alone.stdout)))) == 3, "no row is lost"


def test_order_is_kept_over_all_batches(shop: Workshop) -> None:
    sql = "select range as n from range(50000) order by hash(range)"
    expected = [str(n) for (n,) in ask(shop.settings, sql).rows]
    assert estore(shop, "query", sql, "--format", "csv").stdout.split()[1:] == expected
    assert estore(shop, "query", sql).stdout.split()[1:] == expected


def test_several_statements_and_a_file_of_them(shop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "two.sql"
    file.write_text("create temp table t as select 1 as n; -- kept for the next one\nfrom t;\n"
                    "show tables")  # fmt: skip
    answer = estore(shop, "query", "--file", str(file))
    assert answer.exit_code == 0, answer.output
    first, tables = answer.stdout.split("\n\n")
    assert first.split() == ["n", "1"] and "metrics_churn" in tables.split()
    assert estore(shop, "query", "--file", "-", input="select 7 as n").stdout.split() == ["n", "7"]
    for wrong in ([], ["select 1", "--file", str(file)]):
        assert estore(shop, "query", *wrong).exit_code == 2
    assert estore(shop, "query", "--file", "gone.sql").exit_code == 2


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("from metrics_chrun", 'Did you mean "metrics_churn"?'),
        ("from metric.metrics_chrn", 'Did you mean "metrics_churn"?'),
        ("from metrics_chrun", "`estore tables` lists all tables"),
        ("select nme from raw.files", "Candidate bindings"),
        ("select 1; from nowhere", "nowhere does not exist"),
        ("set memory_limit = '1TB'", "locked"),
        ("set lock_configuration = false", "locked"),
        ("install httpfs", "error"),
        ("from read_text('/etc/passwd')", "file system operations are disabled"),
        ("from '/etc/passwd'", "error"),
    ],
)
def test_an_error_in_a_query_names_the_correction(shop: Workshop, sql: str, said: str) -> None:
    answer = estore(shop, "query", sql)
    assert answer.exit_code == 3 and said in answer.stderr
    assert "c0" not in answer.stderr, "only the user's own SQL is quoted"
    with run_lock(shop.settings.home, "run"):
        assert estore(shop, "query", sql).exit_code == 3


def test_a_table_that_snapshots_do_not_have_is_reported(shop: Workshop) -> None:
    with run_lock(shop.settings.home, "run"):
        answer = estore(shop, "query", "select * from marts.fct_events")
    assert answer.exit_code == 3
    assert "Snapshot v000001 answers while a run writes, and it has no table" in answer.stderr


def test_a_terminal_shows_a_limited_number_of_rows(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "MOST_SHOWN", 5)
    sql = "select range as n from range(5000) order by 1"
    for form in ("table", "json"):
        answer = estore(shop, "query", sql, "--format", form)
        assert "showing only the first 5 rows" in answer.stderr and "5" not in answer.stdout
    assert estore(shop, "query", sql, "--format", "csv").stdout.count("\n") == 5_001
    assert estore(shop, "query", sql, "--limit", "7").stdout.split() == ["n", *"0123456"]
    assert estore(shop, "query", sql, "--limit", "0").stdout.split() == ["n"]


def test_a_query_ends_at_its_time_limit(shop: Workshop) -> None:
    settings = Settings(home=shop.settings.home, query_seconds=1)
    with pytest.raises(EstoreError, match=r"ended after 1 seconds.*ESTORE_QUERY_SECONDS"):
        ask(settings, "select count(*) from range(1000000000000)")
    with (
        run_lock(settings.home, "run"),
        pytest.raises(EstoreError, match="ended after 1 seconds"),
    ):
        ask(settings, "select count(*) from range(1000000000000)")


def test_a_run_that_waits_names_a_stopped_reader_and_gives_up(shop: Workshop) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "estore.cli", "--home", str(shop.settings.home), "query",
         "select count(*) from range(1000000000000)"], stderr=subprocess.PIPE, text=True,
    ) as reader:  # fmt: skip
        readers = shop.settings.home / "readers"
        while not list(readers.glob(f"{reader.pid}-*")):
            assert reader.poll() is None
            time.sleep(0.05)
        os.kill(reader.pid, signal.SIGSTOP)
        try:
            answer = estore(shop, "build")
        finally:
            reader.kill()
    assert answer.exit_code == 3, answer.output
    assert f"process {reader.pid} (since" in answer.stderr
    assert "`estore query`: select count(*) from range(1000000000000)" in answer.stderr


def test_unread_output_does_not_block_a_run(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `estore query … | less`: the reader blocks in a write and gets no signal."""
    script = (
        "import sys; from estore.reading import limits; limits.GRACE = limits.PATIENCE = 0.2\n"
        "from estore.cli import main; main(sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, "--home", str(shop.settings.home), "query", "--format",
         "csv", "select * from range(100000000)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as reader:  # fmt: skip
        assert reader.stdout and reader.stdout.read(5) == b"range"
        with run_lock(shop.settings.home, "run"):
            assert reader.stderr
            said = reader.stderr.read().decode()
        assert reader.wait() == 3 and "has waited for it" in said


def test_an_answer_larger_than_its_memory_streams(shop: Workshop) -> None:
    """A child's ru_maxrss would also count its parent's memory."""
    script = (
        "import sys; from pathlib import Path; from estore.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: sys.stderr.write(Path('/proc/self/status').read_text())"
    )
    sql = "select range as n, repeat('x', 500) as text, range / 3 as third from range(600000)"
    with subprocess.Popen(
        [sys.executable, "-c", script, "--home", str(shop.settings.home), "query", sql,
         "--format", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "ESTORE_MEMORY_LIMIT": "256MB"},
    ) as process:  # fmt: skip
        assert process.stdout and process.stderr
        size = 0
        while part := process.stdout.read(1 << 20):
            size += len(part)
        status = process.stderr.read()
    assert size > 300_000_000
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 300_000, "kilobytes"


def test_rejects_stream_in_every_format(shop: Workshop) -> None:
    for form in ("table", "csv", "json"):
        answer = estore(shop, "rejects", "--format", form)
        assert answer.exit_code == 0 and "soon" in answer.stdout and "a.csv" in answer.stdout
    assert "soon" in estore(shop, "rejects", "a.csv").stdout
    assert "soon" not in estore(shop, "rejects", "b.csv").stdout
    with run_lock(shop.settings.home, "run"):
        assert "soon" in estore(shop, "rejects", "a.csv").stdout


def test_tables_are_listed_with_their_descriptions(shop: Workshop) -> None:
    listed = estore(shop, "tables").stdout
    assert "metrics.metrics_churn" in listed and "One row per" in listed
    assert "int_as_of" not in listed and "int_as_of" in estore(shop, "tables", "--all").stdout
    for name in ("metrics_churn", "metrics.metrics_churn", "METRICS_CHURN"):
        columns = json.loads(estore(shop, "tables", name, "--format", "json").stdout)
        assert columns[0]["column"] == "cohort_grain" and columns[0]["type"] == "string"
        (rate,) = (column for column in columns if column["column"] == "churn_rate")
        assert rate["type"] == "double" and "churned_count" in rate["description"]
    wrong = estore(shop, "tables", "metrics_chrun")
    assert wrong.exit_code == 3 and "did you mean metrics_churn?" in wrong.stderr


def test_listed_tables_can_be_queried(shop: Workshop) -> None:
    for table in described.tables("duckdb", with_steps=True):
        if table.schema != "snapshots" and not table.name.startswith("int_batch_"):
            name = f"{table.schema}.{table.name}"
            columns = [row[0] for row in ask(shop.settings, f"describe {name}").rows]
            if table.columns:
                assert {column.name for column in table.columns} <= set(columns), name


def test_bigquery_has_its_own_types() -> None:
    churn = described.table("metrics_churn", "bigquery")
    assert {column.kind for column in churn.columns} >= {"float64", "string", "date"}


def test_no_thread_is_left_after_a_query(shop: Workshop) -> None:
    before = threading.active_count()
    for _ in range(3):
        ask(shop.settings, "select 1")
    assert threading.active_count() <= before


def test_a_run_ends_by_naming_the_next_step(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.write("a.csv", [{}])
    answer = estore(workshop, "run", str(workshop.landing))
    assert answer.exit_code == 0, answer.output
    home = workshop.settings.home
    assert answer.stderr.splitlines()[-1] == (
        f"Next: `estore --home {home} serve` (or `make serve`) shows the dashboard."
    )
    assert "Next:" not in estore(workshop, "run", "--json").output


def test_the_shell_can_complete_commands() -> None:
    for shell in ("bash", "zsh", "fish"):
        said = subprocess.run(
            [sys.executable, "-c", "from estore.cli import main; main(prog_name='estore')"],
            env={**os.environ, "_ESTORE_COMPLETE": f"{shell}_source"}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert "_ESTORE_COMPLETE" in said.stdout, said.stderr
        assert f"_ESTORE_COMPLETE={shell}_source" in (ROOT / "docs" / "queries.md").read_text()
