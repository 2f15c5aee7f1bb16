"""`estore export tableau`: a workbook that fits Tableau's schema, with the snapshot's numbers.

No test can open the workbook in Tableau: it has no version for this purpose.
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from dashboard_shop import shop_of_the_run
from lxml import etree

from estore.cli import main
from estore.export.source import Source, open_source
from estore.export.tableau.extract import INSIDE, hyper_api
from estore.export.tableau.sheets import CALCULATIONS, DASHBOARDS, WORKSHEETS
from estore.export.tableau.workbook import write_workbook
from estore.settings import Settings

pytest.importorskip("tableauhyperapi", reason="Tableau's library is for Linux on x86-64")
SCHEMA = Path(__file__).resolve().parents[2] / "shared/data/tableau/twb_2026.2.0.xsd"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return shop_of_the_run(tmp_path_factory)


@pytest.fixture(scope="module")
def source(shop: Settings) -> Iterator[Source]:
    with open_source(shop, with_ids=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def package(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unpacked workbook."""
    folder = tmp_path_factory.mktemp("tableau")
    file = folder / "shop.twbx"
    answer = CliRunner().invoke(
        main, ["--home", str(shop.home), "export", "tableau", str(file)]
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["shop.twb", INSIDE]
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def document(package: Path) -> ElementTree.Element:
    return ElementTree.parse(package / "shop.twb").getroot()


def test_the_extract_has_the_rows_and_sums_of_the_snapshot(package: Path, source: Source) -> None:
    api = hyper_api()
    with (
        api.HyperProcess(
            api.Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_config": ""}
        ) as process,
        api.Connection(process.endpoint, str(package / INSIDE)) as hyper,
    ):
        for name, table in source.tables.items():
            sums = ", ".join(
                f'sum("{column.name}")' if column.kind in ("BIGINT", "DECIMAL(18,3)")
                else f'count("{column.name}")' for column in table.columns
            )  # fmt: skip
            ((*theirs,),) = hyper.execute_list_query(
                f'select count(*), {sums} from "Extract"."{name}"'
            )
            ours = source.connection.execute(f"select count(*), {sums} from {table.sql}").fetchone()
            assert [str(value) for value in ours or ()] == [str(value) for value in theirs], name
        definition = hyper.catalog.get_table_definition(
            api.TableName("Extract", "metrics_daily_sales")
        )
        kinds = {column.name.unescaped: str(column.type) for column in definition.columns}
    assert kinds["revenue_amount"] == "NUMERIC(18, 3)", "money stays exact"
    assert kinds["order_date"] == "DATE" and kinds["is_complete"] == "BOOL"


@pytest.mark.skipif(not SCHEMA.is_file(), reason="Tableau's schema is not part of the project")
def test_the_workbook_fits_the_schema(package: Path) -> None:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    assert schema.validate(etree.parse(str(package / "shop.twb"))), schema.error_log


def test_all_worksheets_are_on_a_dashboard(document: ElementTree.Element) -> None:
    sheets = [sheet.get("name") for sheet in document.iter("worksheet")]
    assert sheets == [sheet.name for sheet in WORKSHEETS], "the snapshot has all columns"
    zones = [zone.get("name") for zone in document.iter("zone") if zone.get("name")]
    assert sorted(zones) == sorted(sheets)
    assert [one.get("name") for one in document.iter("dashboard")] == [
        one.name for one in DASHBOARDS
    ]
    for dashboard in DASHBOARDS:
        assert sum(width * height for _, _, _, width, height in dashboard.zones) == 10_000


def test_every_field_on_a_shelf_is_defined(document: ElementTree.Element, source: Source) -> None:
    for sheet in document.iter("worksheet"):
        (needed,) = sheet.iter("datasource-dependencies")
        defined = {each.get("name") for each in needed.iter("column-instance")}
        columns = {each.get("name") for each in needed.iter("column")}
        name = needed.attrib["datasource"]
        text = ElementTree.tostring(sheet, encoding="unicode")
        used = set(re.findall(rf"\[{name}\]\.(\[[^\]]+\])", text))
        assert used and used <= defined, sheet.get("name")
        assert {each.get("column") for each in needed.iter("column-instance")} <= columns
        for formula in needed.iter("calculation"):
            assert set(re.findall(r"\[\w+\]", formula.attrib["formula"])) <= columns


def test_fields_have_captions_descriptions_and_formats(document: ElementTree.Element) -> None:
    (sales,) = document.findall("datasources/datasource[@caption='Daily sales']")
    fields = {each.get("name"): each for each in sales.iter("column")}
    revenue = fields["[revenue_amount]"]
    assert revenue.get("caption") == "Revenue" and revenue.get("role") == "measure"
    assert revenue.get("default-format", "").startswith('c"$"#,##0.00')
    assert "Revenue of the orders" in "".join(revenue.itertext())
    assert fields["[order_date]"].get("role") == "dimension"
    formula = fields["[calculation_aov]"].find("calculation")
    assert formula is not None and "SUM([order_count])" in formula.attrib["formula"]


@pytest.mark.parametrize(("table", "key", "name", "column"), [
    ("metrics_daily_sales", "order_date", "aov", "average_order_amount"),
    ("metrics_daily_sales", "order_date", "week_over_week", "revenue_change_rate"),
    ("metrics_conversion_rates_daily", "session_start_date", "view_to_cart", "view_to_cart_rate"),
    ("metrics_conversion_rates_daily", "session_start_date", "view_to_purchase",
     "view_to_purchase_rate"),
    ("metrics_churn", "cohort_grain, cohort_start", "churn", "churn_rate"),
    ("metrics_rfm_segments", "rfm_segment", "customer_share", "customer_rate"),
    ("metrics_rfm_segments", "rfm_segment", "revenue_share", "revenue_rate"),
    ("metrics_rfm_segments", "rfm_segment", "revenue_per_customer", "mean_revenue_amount"),
])  # fmt: skip
def test_calculated_fields_equal_the_metrics(
    source: Source, table: str, key: str, name: str, column: str
) -> None:
    """The formula as SQL, for each row of a metric that has the number itself."""
    (formula,) = (each.formula for each in CALCULATIONS[table] if each.name == name)
    sql = re.sub(r"IF NOT ISNULL\((.+?)\) THEN (.+?) END", r"IF(\1 IS NOT NULL, \2, NULL)", formula)
    sql = re.sub(r"(.+) / (SUM\(.+?\))", r"(\1)::double / nullif(\2, 0)", sql)
    sql = sql.replace("[", "").replace("]", "")
    rows = source.connection.execute(
        f"select max({column})::double, {sql} from {table} group by {key} "
        f"having max({column}) is not null"
    ).fetchall()
    assert rows
    for expected, found in rows:
        assert found == pytest.approx(expected, abs=0.0006), "amounts are rounded to a tenth cent"


def test_only_complete_months_are_compared(source: Source) -> None:
    months = source.query("select * from sales_months order by month_start")
    assert [str(month["month_start"])[:7] for month in months[:2]] == ["2019-10", "2019-11"]
    for before, month in pairwise(months):
        compared = before["is_complete"] and month["is_complete"]
        expected = before["revenue_amount"] if compared else None
        assert month["last_month_revenue_amount"] == expected
    assert {month["is_complete"] for month in months} == {True, False}


def test_an_older_snapshot_gives_a_workbook_without_some_sheets(
    source: Source, tmp_path: Path
) -> None:
    tables = {name: table for name, table in source.tables.items() if name != "metrics_churn"}
    write_workbook(Source(source.connection, source.manifest, tables), tmp_path / "old.twb")
    root = ElementTree.parse(tmp_path / "old.twb").getroot()
    names = {sheet.get("name") for sheet in root.iter("worksheet")}
    assert "Churn by week of the first order" not in names and "Revenue by segment" in names
    zones = {zone.get("name") for zone in root.iter("zone")}
    assert "Churn by week of the first order" not in zones


def test_what_is_missing_is_named(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(name: str) -> tuple[int, str]:
        answer = CliRunner().invoke(
            main, ["--home", str(shop.home), "export", "tableau", str(tmp_path / name)]
        )
        return answer.exit_code, answer.stderr

    assert say("shop.xlsx")[0] == 2 and ".twbx" in say("shop.xlsx")[1]
    monkeypatch.setitem(sys.modules, "tableauhyperapi", None)
    code, said = say("shop.twbx")
    assert code == 3 and "pip install 'estore-analytics[tableau]'" in said
