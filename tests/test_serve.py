"""The dashboard's server: its numbers equal the snapshot, and only authorized clients see them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from conftest import Workshop
from dashboard_shop import (
    FORMULA_BRAND,
    HOSTILE_BRAND,
    publish_files,
    shop_of_the_run,
    shop_without_orders,
)
from starlette.testclient import TestClient

from estore.cli import main
from estore.dashboard.access import Credentials
from estore.dashboard.app import make_app
from estore.dashboard.assets import Assets
from estore.dashboard.pages import Query, read_pages
from estore.dashboard.snapshots import Snapshots
from estore.errors import EstoreError
from estore.settings import Settings
from estore.snapshot.manifest import current_version

PAGES = read_pages()
URL = "http://localhost"
HOSTS = ["localhost"]
FILTERS: list[dict[str, str]] = [
    {},
    {"period": "all"},
    {"period": "7d", "category": "electronics"},
    {"period": "last-month", "brand": "samsung"},
    {"from": "2019-11-03", "to": "2019-11-03"},
    {"from": "2019-11-03", "to": "2019-12-24", "segment": "New"},
    {"period": "all", "category": "electronics", "brand": "samsung", "segment": "Champions"},
    {"period": "all", "category": "sold nowhere"},
    {"period": "all", "brand": "*"},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published shop."""
    return shop_of_the_run(tmp_path_factory)


@pytest.fixture(scope="module")
def client(shop: Settings) -> Iterator[TestClient]:
    """A browser on its dashboard."""
    with TestClient(make_app(Snapshots(shop), hosts=HOSTS), base_url=URL) as client:
        yield client


@pytest.fixture(scope="module")
def sql(shop: Settings) -> Callable[[str], list[tuple[Any, ...]]]:
    """Queries the snapshot's files."""
    folder = current_version(shop)
    assert folder
    connection = duckdb.connect()
    for path in folder.glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return lambda text: connection.execute(text).fetchall()


# ---------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("page", PAGES.queries)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_every_chart_has_the_same_rows_as_sql(
    client: TestClient, sql: Any, page: str, filters: dict[str, str]
) -> None:
    content = client.get(f"/api/page/{page}", params=filters).json()
    applied = content["filters"]

    for name, query in PAGES.queries[page].items():
        chart = content["charts"][name]
        assert not chart.get("missing"), name
        text = cube_sql(query, applied) if query.cube else table_sql(query)
        assert chart["columns"] == [*query.by, *query.measures, *query.columns]
        expected = [[plain(value) for value in row] for row in sql(text)]
        assert chart["rows"] == expected, f"{name}: {text}"


def cube_sql(query: Query, applied: dict[str, Any]) -> str:
    """A chart's query of a cube, written by hand."""
    shape = PAGES.cubes[query.cube or ""]
    conditions = ["true"]
    if "period" in query.obeys:
        first, last = date.fromisoformat(applied["from"]), date.fromisoformat(applied["to"])
        if query.is_before:
            length = (last - first).days + 1
            first, last = first - timedelta(days=length), last - timedelta(days=length)
        conditions.append(f"{shape.date} between '{first}' and '{last}'")
    for filter_name, column in shape.filters.items():
        if filter_name in query.obeys and applied[filter_name]:
            conditions.append(f"{column} = '{applied[filter_name]}'")
        elif column in shape.star:
            conditions.append(f"{column} {'<>' if column in query.by else '='} '*'")
    sums = [f"coalesce(sum({measure}), 0)" for measure in query.measures]
    return (
        f"select {', '.join([*query.by, *sums])} from {query.cube} "
        f"where {' and '.join(conditions)} group by all order by all"
    )


def table_sql(query: Query) -> str:
    conditions = [
        f"{name}::varchar in ('" + "', '".join([value] if isinstance(value, str) else value) + "')"
        if not isinstance(value, bool)
        else f"{name} is {value}"
        for name, value in query.where.items()
    ] or ["true"]
    order = f" order by {', '.join(query.sort)}" if query.sort else ""
    return (
        f"select {', '.join(query.columns)} from {query.table} "
        f"where {' and '.join(conditions)}{order}"
    )


def plain(value: Any) -> Any:
    from datetime import datetime
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):  # shares are sent with six digits
        return round(value, 6)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value) if isinstance(value, date) else value


def test_the_cubes_add_up_to_the_metrics_of_each_day(sql: Any) -> None:
    assert sql(
        "select order_date, sum(order_count), sum(revenue_amount), sum(buyer_count), "
        "sum(item_count), sum(first_order_count) from cube_sales "
        "where category = '*' and brand = '*' group by all order by all"
    ) == sql(
        "select order_date, order_count, revenue_amount, buyer_count, item_count, "
        "first_order_count from metrics_daily_sales where order_count > 0 order by all"
    )
    assert sql(
        "select session_start_date, sum(session_count), sum(sessions_with_view_and_cart), "
        "sum(sessions_with_purchase) from cube_sessions group by all order by all"
    ) == sql(
        "select session_start_date, session_count, sessions_with_view_and_cart, "
        "sessions_with_purchase from metrics_conversion_rates where grain = 'day' order by all"
    )
    assert sql(
        "select sum(view_count), sum(item_count), sum(revenue_amount), sum(sessions_with_view) "
        "from cube_products"
    ) == sql(
        "select sum(view_count), sum(item_count), sum(revenue_amount), sum(sessions_with_view) "
        "from metrics_product_performance where level = 'brand'"
    )


def test_segments_are_those_of_the_previous_month(client: TestClient) -> None:
    first_month = client.get(
        "/api/page/funnel", params={"from": "2019-10-01", "to": "2019-10-31"}
    ).json()
    assert [row[0] for row in first_month["charts"]["segments"]["rows"]] == ["New"]
    later = client.get("/api/page/funnel", params={"period": "month"}).json()
    assert len(later["charts"]["segments"]["rows"]) > 3


def test_a_page_describes_its_snapshot(client: TestClient) -> None:
    content = client.get("/api/page/sales", params={"from": "2019-01-01"}).json()

    assert content["version"] == "v000001" and content["page"] == "sales"
    assert (content["first_date"], content["last_date"]) == ("2019-10-01", "2020-01-31")
    assert content["filters"] == {
        "period": None, "from": "2019-10-01", "to": "2020-01-31", "category": None, "brand": None,
        "segment": None,
    }  # fmt: skip
    assert content["thresholds"]["cohort_window_days"] == 90
    assert {found["topic"] for found in content["findings"]} == {"Sales"}
    assert content["options"] == client.get("/api/options").json()
    assert content["options"]["brands"][-1] == "unknown" and "*" not in content["options"]["brands"]


def test_a_chart_names_the_filters_it_obeys_and_its_days(client: TestClient) -> None:
    content = client.get(
        "/api/page/products", params={"from": "2019-11-11", "to": "2019-11-20", "brand": "samsung",
                                      "segment": "New"}
    ).json()["charts"]  # fmt: skip
    assert content["categories"]["obeys"] == ["period", "brand"]
    assert (content["categories"]["from"], content["categories"]["to"]) == (
        "2019-11-11",
        "2019-11-20",
    )
    before = content["categories_before"]
    assert (before["from"], before["to"]) == ("2019-11-01", "2019-11-10")


# ---------------------------------------------------------------------- wrong requests


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/page/sales?color=red", 400, "unknown filter color"),
        ("/api/page/sales?period=1y", 400, "unknown period 1y"),
        ("/api/page/sales?from=yesterday", 400, "write it as 2020-01-31"),
        ("/api/page/sales?from=2019-13-01", 400, "write it as 2020-01-31"),
        ("/api/page/sales?from=20191101", 400, "write it as 2020-01-31"),
        ("/api/page/sales?from=2019-11-02&to=2019-11-01", 400, "before its start"),
        (f"/api/page/sales?brand={'x' * 501}", 400, "longer than 500"),
        ("/api/page/nowhere", 404, "page not found; pages are sales"),
        ("/api/page/sales/nothing.csv", 404, "sales has no such chart; its charts are days"),
        ("/static/nothing.js", 404, "file not found"),
        ("/static/", 404, ""),
        ("/static/..%2fapp.py", 404, ""),
        ("/static/index.html", 404, "file not found"),
        ("/published", 404, ""),
    ],
)
def test_a_wrong_request_gets_a_plain_error(
    client: TestClient, path: str, status: int, said: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_a_shared_link_to_a_missing_page_explains_the_error(client: TestClient) -> None:
    answer = client.get("/?from=<script>")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (400, "text/html")
    assert "&lt;script&gt;" in answer.text and "<script>" not in answer.text


def test_a_mistyped_address_is_a_page_with_a_way_back(client: TestClient) -> None:
    for path, status, said in (
        (
            "/slaes",
            404,
            "Pages: sales, funnel, customers, retention, products, growth, audiences, data.",
        ),
        ("/sales?from=soon", 400, "from=soon is not a day; write it as 2020-01-31."),
    ):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status
        assert said in answer.text and '<a href="./">' in answer.text
    assert client.get("/slaes").json() == {"error": "Not Found"}, "a program gets no page"


def test_only_reading_is_possible(client: TestClient) -> None:
    for method in ("post", "put", "delete", "patch"):
        assert getattr(client, method)("/api/page/sales").status_code == 405


# ---------------------------------------------------------------------- responses


def test_an_unchanged_answer_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/api/page/sales")
    assert first.headers["content-encoding"] == "gzip"
    again = client.get("/api/page/sales", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(
        "/api/page/sales?period=7d", headers={"If-None-Match": first.headers["etag"]}
    )
    assert other.status_code == 200


def test_a_client_without_compression_gets_plain_content(client: TestClient) -> None:
    plain_answer = client.get("/api/page/sales", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain_answer.headers
    assert plain_answer.json() == client.get("/api/page/sales").json()


@pytest.mark.parametrize(
    ("accepted", "data", "script"),
    [
        ("gzip;q=0", None, None),
        ("gzip; q=0.000, br", None, "br"),
        ("*;q=0", None, None),
        ("identity, *;q=0", None, None),
        ("*", "gzip", "br"),
        ("gzip, br;q=0", "gzip", "gzip"),
        ("br;q=0.2, gzip;q=0.9", "gzip", "gzip"),
        ("GZIP;Q=1, deflate", "gzip", "gzip"),
        ("x-gzip", "gzip", "gzip"),
        ("gzip;q=no", None, None),
        ("gzip;q=nan", None, None),
        ("notgzip, abrupt", None, None),
        ("", None, None),
    ],
)
def test_a_client_gets_the_encoding_that_it_accepts(
    client: TestClient, accepted: str, data: str | None, script: str | None
) -> None:
    asked = {"Accept-Encoding": accepted}
    assert client.get("/api/page/sales", headers=asked).headers.get("content-encoding") == data
    asset = client.get("/static/app.js", headers={**asked})
    assert asset.headers.get("content-encoding") == script
    assert asset.headers["vary"] == "Accept-Encoding"


def test_a_csv_has_the_days_that_its_address_names(client: TestClient) -> None:
    days = {"from": "2019-11-03", "to": "2019-11-05"}
    for page, query in (("sales", "days"), ("sales", "marks"), ("data", "days")):
        everything = client.get(f"/api/page/{page}/{query}.csv").text.splitlines()
        some = client.get(f"/api/page/{page}/{query}.csv", params=days).text.splitlines()
        assert len(everything) > 100
        assert some == [everything[0], *(line for line in everything if line[:10] in
                                         ("2019-11-03", "2019-11-04", "2019-11-05"))]  # fmt: skip
        week = client.get(f"/api/page/{page}/{query}.csv?period=7d").text.splitlines()
        assert len(week) == 8
    page_days = client.get("/api/page/sales", params=days).json()["charts"]["days"]["rows"]
    assert len(page_days) > 100, "the chart still draws all days to compare with"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("retention/top.csv?from=2019-11-03", "retention/top cannot be filtered by period; leave"),
        ("sales/days.csv?category=a&segment=b&brand=c", None),
        ("funnel/brands.csv?brand=samsung", "filtered by brand, only by period, category"),
        ("sales/sessions.csv?brand=samsung", "sales/sessions cannot be filtered by brand"),
    ],
)
def test_a_filter_that_a_csv_does_not_obey_is_refused(
    client: TestClient, path: str, said: str | None
) -> None:
    answer = client.get(f"/api/page/{path}")
    assert answer.status_code == (400 if said else 200)
    assert said is None or said in answer.json()["error"]


def test_the_built_page_is_sent_compressed_and_cached_forever(client: TestClient) -> None:
    for name in ("app.js", "charts.js", "app.css"):
        kept = client.get(f"/static/{name}?v={Assets().hash}", headers={"Accept-Encoding": "br"})
        assert "immutable" in kept.headers["cache-control"]
        assert kept.headers["content-encoding"] == "br"
        again = client.get(f"/static/{name}?v=old", headers={"Accept-Encoding": "gzip"})
        assert again.headers["cache-control"] == "no-cache"
        assert again.text == Assets().text(name)


def test_the_first_view_is_inside_the_page(client: TestClient) -> None:
    html = client.get("/funnel?period=7d").text
    for name in ("app.js", "charts.js"):
        assert f"{name}?v={Assets().hash}" in html
    block = html.split('<script type="application/json" id="first">')[1].split("</script>")[0]
    assert json.loads(block) == client.get("/api/page/funnel?period=7d").json()
    assert client.get("/").text.count('"page":"sales"') == 1


@pytest.mark.parametrize("path", ["/", "/api/page/sales", "/api/page/no", "/static/app.js", "/no"])
def test_every_response_has_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


# ---------------------------------------------------------------------- hostile names


def test_a_hostile_brand_stays_text(client: TestClient) -> None:
    assert {HOSTILE_BRAND, FORMULA_BRAND} <= set(client.get("/api/options").json()["brands"])
    html = client.get("/", params={"brand": HOSTILE_BRAND, "period": "all"}).text
    assert "<img" not in html and "\\u003cimg" in html
    content = client.get("/api/page/sales", params={"brand": HOSTILE_BRAND}).json()
    assert sum(row[1] for row in content["charts"]["days"]["rows"]) == pytest.approx(98765.43)


def test_no_cell_of_a_csv_runs_as_a_formula(client: TestClient) -> None:
    answer = client.get("/api/page/products/brands.csv", params={"period": "all"})
    assert answer.headers["content-disposition"] == (
        'attachment; filename="products-brands-2020-01-31.csv"'
    )
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert lines[0].startswith("brand,view_count")
    assert any(line.startswith(f"'{FORMULA_BRAND},") for line in lines)
    top = client.get("/api/page/retention/top.csv").text
    assert f"'@{FORMULA_BRAND}" in top and f",@{FORMULA_BRAND}" not in top
    shown = client.get("/api/page/products", params={"period": "all"}).json()
    assert len(lines) == 1 + len(shown["charts"]["brands"]["rows"])


# ---------------------------------------------------------------------- access


@pytest.mark.parametrize(
    ("setting", "right", "wrong"),
    [
        ("bearer:secret", ["Bearer secret", "bearer secret"],
         ["", "Bearer secre", "Bearer secrets", "Basic secret", "secret", "Bearer ö"]),
        ("basic:ann:pa:ss", ["Basic YW5uOnBhOnNz"], ["", "Basic YW5uOnBh", "Bearer ann:pa:ss"]),
    ],
)  # fmt: skip
def test_only_clients_with_credentials_can_read(
    shop: Settings, setting: str, right: list[str], wrong: list[str]
) -> None:
    app = make_app(Snapshots(shop), credentials=Credentials(setting))
    with TestClient(app, base_url="http://shop.example") as client:
        for header in right:
            assert client.get("/", headers={"Authorization": header}).status_code == 200
        for header in wrong:
            raw = [(b"authorization", header.encode())] if header else []
            for path in ("/", "/api/page/sales", "/static/app.js", "/nowhere"):
                answer = client.get(path, headers=raw)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].lower().startswith(setting.split(":")[0])
        assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("setting", ["", "secret", "bearer:", "basic:ann", "basic::pass", "x:y:z"])
def test_credentials_that_would_admit_no_one_or_everyone_are_refused(setting: str) -> None:
    with pytest.raises(EstoreError, match="bearer:TOKEN") as raised:
        Credentials(setting)
    assert "secret" not in str(raised.value) and "ann" not in str(raised.value)


def test_the_secret_is_not_shown_with_the_settings(shop: Settings) -> None:
    settings = Settings(home=shop.home, dashboard_auth="bearer:hidden")
    assert "hidden" not in repr(settings) and "hidden" not in str(settings.model_dump())


def test_a_request_with_a_foreign_host_name_is_refused(client: TestClient) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""):
        assert client.get("/", headers={"Host": host}).status_code == 421
    assert client.get("/", headers={"Host": "localhost:8321"}).status_code == 200


def test_an_open_address_without_credentials_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "serve", "--host", "0.0.0.0"])
    assert result.exit_code == 3
    assert "others can reach 0.0.0.0: set ESTORE_DASHBOARD_AUTH" in result.stderr


@pytest.mark.parametrize("port", ["99999", "-1", "65536", "http"])
def test_an_invalid_port_is_misuse(tmp_path: Path, port: str) -> None:
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "serve", "--port", port])
    assert result.exit_code == 2
    assert "'--port'" in result.stderr and ("0<=x<=65535" in result.stderr) is (port != "http")


def test_a_port_in_use_is_a_plain_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["--home", str(tmp_path), "serve", "--port", port])
    assert result.exit_code == 3
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr and "--port" in result.stderr


# ---------------------------------------------------------------------- snapshots that change


def test_without_a_snapshot_a_page_says_so_and_reloads(tmp_path: Path) -> None:
    with TestClient(make_app(Snapshots(Settings(home=tmp_path))), base_url=URL) as client:
        page = client.get("/")
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "Nothing is published yet" in page.text and 'http-equiv="refresh"' in page.text
        assert "estore run" in client.get("/api/page/sales").json()["error"]
        assert client.get("/healthz").json() == {"status": "waiting"}


def test_a_new_snapshot_is_shown_without_a_restart(workshop: Workshop) -> None:
    workshop.settings.keep_versions = 1
    snapshots = Snapshots(workshop.settings)
    with TestClient(make_app(snapshots), base_url=URL) as client:
        assert client.get("/healthz").json() == {"status": "waiting"}
        publish_day(workshop, 1)
        content = wait_for(client, "v000001")
        publish_day(workshop, 2)
        newer = wait_for(client, "v000002")
    assert (content["last_date"], newer["last_date"]) == ("2019-10-01", "2019-10-02")
    assert len(newer["charts"]["days"]["rows"]) == 2


def test_a_home_that_was_made_again_is_shown_though_its_version_has_the_old_name(
    workshop: Workshop,
) -> None:
    snapshots = Snapshots(workshop.settings)
    with TestClient(make_app(snapshots), base_url=URL) as client:
        publish_day(workshop, 1)
        before = wait_for(client, "v000001")
        shutil.rmtree(workshop.settings.home)
        publish_day(workshop, 2)
        snapshots.refresh()
        after = client.get("/api/page/sales?period=all").json()
    assert (before["version"], after["version"]) == ("v000001", "v000001")
    assert (before["as_of_date"], after["as_of_date"]) == ("2019-10-01", "2019-10-02")


def test_a_home_restored_from_a_copy_is_shown(
    shop: Settings, workshop: Workshop, tmp_path: Path
) -> None:
    publish_day(workshop, 1)
    home = Settings(home=tmp_path / "shown")
    shutil.copytree(shop.published, home.published)
    snapshots = Snapshots(home)
    with TestClient(make_app(snapshots), base_url=URL) as client:
        assert client.get("/api/page/sales").json()["as_of_date"] == "2020-01-31"
        shutil.rmtree(home.published)
        shutil.copytree(workshop.settings.published, home.published)  # with its older times
        snapshots.refresh()
        assert client.get("/api/page/sales").json()["as_of_date"] == "2019-10-01"


def test_the_shown_snapshot_survives_deleted_files_and_a_damaged_successor(
    shop: Settings, tmp_path: Path
) -> None:
    published = tmp_path / "published"
    shutil.copytree(shop.published, published)
    snapshots = Snapshots(Settings(home=tmp_path))
    with TestClient(make_app(snapshots), base_url=URL) as client:
        shutil.copytree(published / "v000001", published / "v000002")
        shutil.rmtree(published / "v000001")
        (published / "v000002" / "cube_sales.parquet").write_bytes(b"PAR1 and no more")
        (published / "CURRENT").write_text("v000002\n")
        snapshots.refresh()
        assert client.get("/api/page/sales?period=all").json()["version"] == "v000001"
        shutil.rmtree(published)
        snapshots.refresh()
        assert client.get("/api/page/products?period=all").status_code == 200


def without_digests(folder: Path) -> None:
    """Makes a snapshot look like one of an older version, which has no digests."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["digests"] = {}
    for name in list(manifest["tables"]):
        if not (folder / f"{name}.parquet").is_file():
            del manifest["tables"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_snapshot_of_an_older_version_shows_what_it_has(shop: Settings, tmp_path: Path) -> None:
    shutil.copytree(shop.published, tmp_path / "published")
    for name in ("cube_sales", "top_customers", "build_tests"):
        (tmp_path / "published" / "v000001" / f"{name}.parquet").unlink()
    without_digests(tmp_path / "published" / "v000001")
    with TestClient(make_app(Snapshots(Settings(home=tmp_path))), base_url=URL) as client:
        sales = client.get("/api/page/sales").json()["charts"]
        assert sales["days"] == {"columns": [], "rows": [], "obeys": [], "missing": True}
        assert sales["sessions"]["rows"] and sales["marks"]["rows"]
        for page in PAGES.queries:
            assert client.get(f"/api/page/{page}").status_code == 200


def test_a_snapshot_without_a_column_of_the_findings_shows_its_charts(
    shop: Settings, tmp_path: Path
) -> None:
    shutil.copytree(shop.published, tmp_path / "published")
    churn = tmp_path / "published" / "v000001" / "metrics_churn.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table older as select * exclude churn_rate_low from '{churn}'")
        connection.execute(f"copy older to '{churn}' (format parquet)")
    without_digests(tmp_path / "published" / "v000001")
    with TestClient(make_app(Snapshots(Settings(home=tmp_path))), base_url=URL) as client:
        retention = client.get("/api/page/retention").json()
        assert retention["charts"]["churn"]["missing"] and retention["findings"] == []
        assert retention["charts"]["curve"]["rows"]
        assert client.get("/api/page/sales").json()["charts"]["days"]["rows"]


def test_the_page_lists_tests_of_daily_models_and_of_metrics(client: TestClient) -> None:
    tests = client.get("/api/page/data").json()["charts"]["tests"]
    tables = {row[tests["columns"].index("table_name")] for row in tests["rows"]}
    assert {"stg_repeats", "metrics_churn"} <= tables, sorted(tables)


def test_a_shop_without_purchases_has_all_pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = shop_without_orders(tmp_path_factory)
    with TestClient(make_app(Snapshots(settings)), base_url=URL) as client:
        for page in PAGES.queries:
            assert client.get(f"/{page}").status_code == 200
            assert client.get(f"/api/page/{page}?period=month&brand=x").status_code == 200
        sales = client.get("/api/page/sales?period=all").json()
        assert sales["charts"]["days"]["rows"] == []
        assert sales["charts"]["sessions"]["rows"] == [["2019-10-01", 1, 0]]


def publish_day(workshop: Workshop, day: int) -> None:
    path = workshop.write(
        f"{day}.csv",
        [{"event_time": f"2019-10-{day:02d} 23:30:00 UTC", "event_type": "purchase"}],
    )
    publish_files(workshop.settings, path)


def wait_for(client: TestClient, version: str) -> dict[str, Any]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        answer = client.get("/api/page/sales?period=all")
        if answer.status_code == 200 and answer.json()["version"] == version:
            content: dict[str, Any] = answer.json()
            return content
        time.sleep(0.1)
    raise AssertionError(f"{version} is not shown")


def test_the_command_serves_while_the_warehouse_is_written_to(shop: Settings) -> None:
    hold = (
        f"import duckdb, sys; c = duckdb.connect({str(shop.warehouse)!r}); "
        "print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-m", "estore.cli", "--home", str(shop.home), "serve", "--port", "0"]
    environment = {**os.environ, "ESTORE_DASHBOARD_AUTH": "bearer:t0k3n", "PYTHONUNBUFFERED": "1"}
    with (
        subprocess.Popen(
            [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server,
    ):
        try:
            assert holder.stdout and holder.stdout.readline() == b"held\n"
            assert server.stdout
            said = server.stdout.readline()
            url = said.split(" at ")[1].split(";")[0]
            request = urllib.request.Request(
                f"{url}/api/page/sales", headers={"Authorization": "Bearer t0k3n"}
            )
            content = json.loads(urllib.request.urlopen(request, timeout=20).read())
            server.send_signal(signal.SIGINT)
            rest, errors = server.communicate(timeout=20)
        finally:
            server.kill()
            holder.kill()
    assert content["version"] == "v000001"
    assert server.returncode == 0
    assert "t0k3n" not in said + rest + errors and "Traceback" not in errors
