"""`estore export`: the snapshot's tables, row for row, as files for other programs."""

import base64
import csv
import gzip
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from click.testing import CliRunner, Result
from conftest import ORDINARY, Workshop
from dashboard_shop import FORMULA_BRAND, shop_of_the_run

from estore import pipeline
from estore.cli import main
from estore.console import Console
from estore.currency import currency
from estore.dashboard.report import make_report
from estore.export.captions import caption, format_of, money_format
from estore.export.excel import sheets
from estore.export.excel.book import write_book
from estore.export.source import Source, open_source
from estore.export.target import replacing
from estore.runlock import run_lock
from estore.settings import Settings

CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return shop_of_the_run(tmp_path_factory)


@pytest.fixture(scope="module")
def source(shop: Settings) -> Iterator[Source]:
    with open_source(shop, with_ids=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def book(source: Source, tmp_path_factory: pytest.TempPathFactory) -> "Book":
    path = tmp_path_factory.mktemp("book") / "shop.xlsx"
    write_book(source, path)
    return Book(path)


def estore(shop: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["--home", str(shop.home), "export", *map(str, arguments)])


def differing(source: Source, relation: dict[str, str]) -> list[str]:
    """Tables whose rows differ from the snapshot's. relation: table → SQL of the exported rows."""
    found = []
    for name, sql in relation.items():
        ours, theirs = f"select * from {source.tables[name].sql}", f"select * from {sql}"
        for one, other in ((ours, theirs), (theirs, ours)):
            if source.connection.execute(f"{one} except all {other}").fetchone():
                found.append(name)
    return found


def test_a_database_has_all_tables_rows_and_descriptions(
    shop: Settings, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "it's a shop.duckdb"
    with run_lock(shop.home, "run"):  # no run in progress prevents it
        answer = estore(shop, "duckdb", path, "--with-ids")
    assert answer.exit_code == 0, answer.output
    assert f"{len(source.tables)} tables" in answer.output and list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o222 == 0, "no program can lock it for writing"
    assert {"metrics_churn", "snapshot_info", "raw_files"} <= source.tables.keys()
    run = source.connection.execute
    escaped = str(path).replace("'", "''")
    run(f"attach '{escaped}' as exported_file (read_only)")
    try:
        assert not differing(source, {t: f'exported_file.main."{t}"' for t in source.tables})
        commented = dict(run(
            "select table_name, comment from duckdb_tables() where database_name = 'exported_file'"
        ).fetchall())  # fmt: skip
        assert commented == {name: table.description for name, table in source.tables.items()}
        assert all(said.startswith("One row") for said in commented.values()), commented
        (rate,) = run(
            "select comment from duckdb_columns() where database_name = 'exported_file' "
            "and table_name = 'metrics_churn' and column_name = 'churn_rate'"
        ).fetchall()
        assert "churned_count" in rate[0]
        tags = run("select tags from duckdb_databases() where database_name = 'exported_file'")
        assert "v1.0.0" in str(tags.fetchone()), "older programs can read it"
    finally:
        run("detach exported_file")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_folder_has_one_file_for_each_table(
    shop: Settings, source: Source, tmp_path: Path, form: str
) -> None:
    raw = ["--raw"] if form == "csv" else []
    assert estore(shop, form, tmp_path, "--with-ids", *raw).exit_code == 0
    assert {path.stem for path in tmp_path.iterdir()} == {*source.tables, "columns"}
    read = {}
    for name, table in source.tables.items():
        kinds = ", ".join(f"'{column.name}': '{column.kind}'" for column in table.columns)
        options = f", columns = {{{kinds}}}, allow_quoted_nulls = false" if form == "csv" else ""
        read[name] = f"read_{form}('{tmp_path / name}.{form}'{options})"
    assert not differing(source, read)


def test_an_export_reports_its_own_files_in_a_folder_with_others(
    shop: Settings, tmp_path: Path
) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "large.bin").write_bytes(bytes(100_000_000))
    answer = estore(shop, "parquet", tmp_path)
    assert answer.exit_code == 0, answer.output
    written = sum(path.stat().st_size for path in tmp_path.glob("*.parquet"))
    assert f", {written / 1e6:.1f} MB" in answer.output


def test_text_in_a_csv_cannot_run_as_a_formula(shop: Settings, tmp_path: Path) -> None:
    assert estore(shop, "csv", tmp_path).exit_code == 0
    with (tmp_path / "metrics_product_performance.csv").open(newline="") as file:
        names = {row["name"] for row in csv.DictReader(file) if row["level"] == "brand"}
    assert f"'{FORMULA_BRAND}" in names and FORMULA_BRAND not in names


def test_no_customer_and_no_path_is_exported_unless_requested(
    shop: Settings, source: Source, book: "Book", tmp_path: Path
) -> None:
    customers = {str(row["user_id"]) for row in source.query("select user_id from top_customers")}
    assert customers <= set(book.column("Top customers", "Customer"))
    for form in ("csv", "xlsx", "duckdb"):
        assert estore(shop, form, tmp_path / form).exit_code == 0
    said = {name: (tmp_path / "csv" / f"{name}.csv").read_text() for name in source.tables}
    assert "hostile.csv" in said["raw_files"] and "/hostile.csv" not in said["raw_files"]
    assert not [name for name in source.tables if source.has(name, "user_id")
                and any(customer in said[name] for customer in customers)]  # fmt: skip
    assert "Top customers" in (without := Book(tmp_path / "xlsx")).sheets
    assert not customers & set(without.cells("Top customers").values())
    with duckdb.connect(str(tmp_path / "duckdb"), read_only=True) as connection:
        ids = "select count(*), count(user_id) from top_customers"
        assert connection.execute(ids).fetchone() == (len(customers), 0)


def test_a_quoted_row_of_a_file_is_not_exported_unless_requested(
    published_home: Workshop, tmp_path: Path
) -> None:
    """A refusal quotes a row, and a reason quotes a value: both can be a customer's."""
    home = published_home
    (home.landing / "torn.csv").write_text(",".join(ORDINARY) + "\nview,ann@shop,secret-id\n" * 9)
    home.write("ids.csv", [*[{"product_id": str(n)} for n in range(99)], {"user_id": "5.1e+08"}])
    home.load("torn.csv", "ids.csv")
    pipeline.publish_again(home.settings, home.shop, Console(quiet=True))
    quoted = ("ann@shop", "5.1e+08", str(home.landing))
    for options, expected in ((["--with-ids"], quoted), ([], ())):
        folder = tmp_path / "-".join(["csv", *options])
        assert estore(home.settings, "csv", folder, *options).exit_code == 0
        text = "".join(path.read_text() for path in folder.glob("raw_*.csv"))
        assert tuple(each for each in quoted if each in text) == expected
        assert "9 of its 9 rows are invalid" in text and "user_id was rounded" in text
    report = make_report(home.settings, first=None, last=None, with_ids=False).html
    (packed,) = re.findall(r'id="packed">([^<]+)<', report)
    text = gzip.decompress(base64.b64decode(packed)).decode()
    assert "ann@shop" not in text and "9 of its 9 rows are invalid" in text


class Book:
    """A workbook's cells, from its XML."""

    def __init__(self, path: Path) -> None:
        self.parts = zipfile.ZipFile(path)
        shared = ElementTree.fromstring(self.parts.read("xl/sharedStrings.xml"))
        self.texts = ["".join(each.itertext()) for each in shared]
        names = re.findall(r'<sheet name="([^"]+)"', self.parts.read("xl/workbook.xml").decode())
        self.sheets = {name: f"xl/worksheets/sheet{n}.xml" for n, name in enumerate(names, start=1)}

    def column(self, sheet: str, header: str) -> list[str]:
        """The values below a header; empty cells are left out."""
        cells = self.cells(sheet)
        ((letters, row),) = [key for key, value in cells.items() if value == header]
        return [value for (own, at), value in cells.items() if own == letters and at > row]

    def cells(self, sheet: str) -> dict[tuple[str, int], str]:
        found = {}
        for cell in ElementTree.fromstring(self.parts.read(self.sheets[sheet])).iter(f"{CELLS}c"):
            value = cell.findtext(f"{CELLS}v")
            if value is not None:
                match = re.fullmatch(r"([A-Z]+)(\d+)", cell.attrib["r"])
                assert match
                text = self.texts[int(value)] if cell.get("t") == "s" else value
                found[match[1], int(match[2])] = text
        return found

    def everything(self) -> str:
        return "\n".join(self.texts)


def test_a_workbook_has_the_snapshots_numbers(book: Book, source: Source) -> None:
    assert list(book.sheets) == [
        "Findings", "Sales", "Months", "Funnel", "Conversion", "Segments", "Churn", "Retention",
        "Lifetime value", "Categories", "Brands", "Products", "Top customers", "Data quality",
        "Definitions",
    ]  # fmt: skip
    for sheet, header, sql in (
        ("Sales", "Revenue", "sum(revenue_amount) from metrics_daily_sales"),
        ("Months", "Orders", "sum(order_count) from metrics_daily_sales"),
        ("Months", "Revenue per complete day", "sum(mean) from (select avg(revenue_amount) "
         "filter (is_complete)::decimal(18,3) as mean from metrics_daily_sales "
         "group by date_trunc('month', order_date))"),
        ("Segments", "Customers", "sum(customer_count) from metrics_rfm_segments"),
        ("Churn", "Churn rate", "sum(churn_rate) from metrics_churn_monthly"),
        ("Lifetime value", "Revenue", "sum(revenue_amount) from metrics_ltv_distribution"),
        ("Retention", "Month 1", "sum(retention_rate) from metrics_retention where "
         "cohort_grain = 'month' and period_index = 1 and is_complete"),
    ):  # fmt: skip
        (row,) = source.connection.execute(f"select {sql}").fetchall()
        values = book.column(sheet, header)
        assert sum(map(float, values)) == pytest.approx(float(row[0]), abs=1e-9), (sheet, header)
    assert len(book.column("Sales", "Day")) == source.tables["metrics_daily_sales"].rows
    findings = book.column("Findings", "Finding")
    assert any("orders" in said for said in findings), findings


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(book: Book) -> None:
    assert FORMULA_BRAND in book.column("Brands", "Name"), "kept as text"
    for name in book.parts.namelist():
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            part = book.parts.read(name).decode()
            assert "<f>" not in part and "<hyperlink" not in part, name


def test_a_workbook_has_charts_and_the_shops_currency(book: Book) -> None:
    charts = [name for name in book.parts.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == sum(len(sheet.charts) for sheet in sheets.SHEETS)
    assert "&quot;$&quot;#,##0.00" in book.parts.read("xl/styles.xml").decode()
    assert money_format(currency("JPY")) == '"¥"#,##0;-"¥"#,##0'
    assert money_format(currency("KWD")).startswith('"KWD\N{NO-BREAK SPACE}"#,##0.000')


def test_a_long_list_is_cut_and_the_sheet_says_so(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estore.export.excel.book.MOST_ROWS", 5)
    write_book(source, tmp_path / "short.xlsx")
    short = Book(tmp_path / "short.xlsx")
    assert len(short.column("Brands", "Name")) == 5
    assert "Only the first 5 rows" in short.everything()
    top = source.query(
        "select name from metrics_product_performance where level = 'brand' "
        "order by revenue_amount desc, name limit 5"
    )
    assert short.column("Brands", "Name") == [row["name"] for row in top]


def test_an_export_never_writes_to_the_home_or_leaves_half_a_file(
    shop: Settings, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(shop.home)
    for path in (shop.home / "x.duckdb", shop.published / "CURRENT", link / "warehouse.duckdb"):
        before = shop.published.joinpath("CURRENT").read_bytes()
        answer = estore(shop, "duckdb", path)
        assert answer.exit_code == 3 and "export to another folder" in answer.stderr
        assert shop.published.joinpath("CURRENT").read_bytes() == before
    file = tmp_path / "out" / "kept.txt"
    with replacing(file) as unfinished:
        unfinished.write_text("first")
    with file.open() as reader:
        with suppress(ValueError), replacing(file) as unfinished:
            unfinished.write_text("half")
            raise ValueError
        assert file.read_text() == "first" and list(file.parent.iterdir()) == [file]
        with replacing(file) as unfinished:
            unfinished.write_text("second")
        assert reader.read() == "first" and file.read_text() == "second"


def test_without_a_snapshot_an_export_names_the_first_step(tmp_path: Path) -> None:
    answer = estore(Settings(home=tmp_path / "empty"), "csv", tmp_path / "out")
    assert answer.exit_code == 3 and "run `estore run PATH`" in answer.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "shown"), [
    ("average_order_amount", "Average order value (AOV)"), ("order_count", "Orders"),
    ("category_code_count", "Category codes"), ("view_to_cart_rate", "View to cart rate"),
    ("churn_rate_low", "Churn rate (95% low)"), ("is_complete", "Complete"),
    ("sessions_with_cart", "Sessions with cart"), ("order_date", "Day"),
])  # fmt: skip
def test_a_column_has_a_caption_that_people_read(name: str, shown: str) -> None:
    assert caption(name) == shown


def test_a_column_has_the_format_of_its_values() -> None:
    for name, kind, expected in (
        ("revenue_amount", "DECIMAL(18,3)", "money"), ("churn_rate_low", "DOUBLE", "rate"),
        ("measured", "DOUBLE", "number"), ("order_count", "BIGINT", "count"),
        ("order_date", "DATE", "day"), ("loaded_at", "TIMESTAMP", "instant"),
        ("is_complete", "BOOLEAN", "boolean"), ("name", "VARCHAR", "text"),
    ):  # fmt: skip
        assert format_of(name, kind) == expected
