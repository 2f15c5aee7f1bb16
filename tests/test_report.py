"""The report: the dashboard in one file, exact, self-contained and without customer names."""

import base64
import gzip
import hashlib
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dashboard_shop import HOSTILE_BRAND, shop_of_the_run

from estore.cli import main
from estore.dashboard import report as reporting
from estore.dashboard.cubes import Cube
from estore.dashboard.packing import cut_to_brands
from estore.dashboard.pages import read_pages
from estore.dashboard.reading import read_version
from estore.dashboard.report import make_report
from estore.dashboard.shown import Shown
from estore.settings import Settings
from estore.snapshot.manifest import current_version

Rows = dict[tuple[Any, ...], list[float]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published shop."""
    return shop_of_the_run(tmp_path_factory)


@pytest.fixture(scope="module")
def shown(shop: Settings) -> Shown:
    """The same data from the server."""
    folder = current_version(shop)
    assert folder
    return read_version(folder, read_pages())


def block(html: str, name: str) -> str:
    """The text that a packed block holds."""
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', html)
    assert found, name
    return gzip.decompress(base64.b64decode(found[1])).decode()


def made(shop: Settings, **options: Any) -> tuple[str, dict[str, Any]]:
    """A report, and the data in it."""
    chosen = {"first": None, "last": None, "with_ids": False, **options}
    html = make_report(shop, **chosen).html
    return html, json.loads(block(html, "packed"))


def decoded(table: dict[str, Any]) -> dict[str, list[Any]]:
    """A packed table's columns as plain values."""
    columns: dict[str, list[Any]] = {}
    for name, data in zip(table["columns"], table["data"], strict=True):
        if isinstance(data, list):
            columns[name] = data
        elif "dict" in data:
            columns[name] = [None if c is None else data["dict"][c] for c in data["codes"]]
        elif "over" in data:
            pairs = zip(columns[data["over"]], data["values"], strict=True)
            columns[name] = [base + more for base, more in pairs]
        else:
            ((kind, values),) = data.items()
            divisor = {"thousandths": 1000, "hundredths": 100}[kind]
            columns[name] = [value / divisor for value in values]
    return columns


def rows_of(cube: Cube) -> Rows:
    """A cube's measures by its dimensions."""
    keys = zip(*([cube.values[n][c] for c in codes] for n, codes in cube.codes.items()),
               strict=True)  # fmt: skip
    measures = (
        [value / 1000 if name in cube.amounts else value for value in values.tolist()]
        for name, values in cube.measures.items()
    )
    return dict(zip(keys, map(list, zip(*measures, strict=True)), strict=True))


def packed_rows(cube: Cube, table: dict[str, Any]) -> Rows:
    """The same of a packed cube."""
    columns = decoded(table)
    keys = zip(*(columns[name] for name in cube.codes), strict=True)
    return dict(
        zip(keys, map(list, zip(*(columns[n] for n in cube.measures), strict=True)), strict=True)
    )


def test_the_report_of_a_small_shop_is_complete(shop: Settings, shown: Shown) -> None:
    _, content = made(shop)

    for name, cube in shown.cubes.items():
        assert len(rows_of(cube)) == len(cube.codes[cube.shape.date])
        in_report = packed_rows(cube, content["tables"][name])
        if name == "cube_sales":  # only brands of the filter are in the report
            assert in_report.items() <= rows_of(cube).items()
            assert {key[2] for key in in_report} == {"*", *content["options"]["brands"]}
        else:
            assert in_report == rows_of(cube)
    for (page, query), answer in shown.tables.items():
        asked = read_pages().queries[page][query]
        columns = decoded(content["tables"][asked.table])
        for place, name in enumerate(answer.columns):
            if name not in asked.personal and name != "uri":
                assert columns[name] == [row[place] for row in answer.rows], f"{query}.{name}"
    assert content["findings"] == shown.findings
    assert (content["version"], content["as_of_date"]) == (shown.version, "2020-01-31")


def test_omitted_brands_are_summed_only_if_sums_are_exact(shown: Shown) -> None:
    cube = shown.cubes["cube_products"]
    kept = cut_to_brands(cube, ["samsung"])

    expected: Rows = defaultdict(lambda: [0.0] * len(cube.measures))
    place = list(cube.codes).index("brand")
    for key, values in rows_of(cube).items():
        brand = key[place] if key[place] in ("samsung", "unknown") else "other"
        sums = expected[(*key[:place], brand, *key[place + 1 :])]
        for number, value in enumerate(values):
            sums[number] += value
    in_report = rows_of(kept)
    assert in_report.keys() == expected.keys()
    for key, values in in_report.items():
        assert values == pytest.approx(expected[key], abs=1e-6)


def test_orders_are_never_added_up_over_brands(shown: Shown) -> None:
    kept = rows_of(cut_to_brands(shown.cubes["cube_sales"], ["samsung"]))
    assert {key[2] for key in kept} == {"*", "samsung"}
    assert kept.items() <= rows_of(shown.cubes["cube_sales"]).items()


def test_a_report_that_is_too_large_omits_brands(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_report(shop, first=None, last=None, with_ids=False)
    monkeypatch.setattr(reporting, "LARGEST", whole.size - 4_000)
    smaller = make_report(shop, first=None, last=None, with_ids=False)

    assert smaller.size <= whole.size - 4_000
    assert 0 < smaller.brands < whole.brands == whole.brands_in_all
    assert len(json.loads(block(smaller.html, "packed"))["options"]["brands"]) == smaller.brands


def test_a_requested_period_includes_the_previous_period(shop: Settings, shown: Shown) -> None:
    _, content = made(shop, first=date(2019, 11, 10), last=date(2019, 11, 19))

    assert content["defaults"] == {"from": "2019-11-10", "to": "2019-11-19"}
    assert (content["first_date"], content["last_date"]) == ("2019-10-31", "2019-11-19")
    for name, cube in shown.cubes.items():
        days = decoded(content["tables"][name])[cube.shape.date]
        assert (min(days), max(days)) == ("2019-10-31", "2019-11-19")


def test_no_customer_is_named_unless_requested(shop: Settings, shown: Shown) -> None:
    ids = {row[1] for row in shown.tables["retention", "top"].rows}
    assert len(ids) == 15
    html, content = made(shop)
    text = block(html, "packed")
    assert not [name for name in ids if f'"{name}"' in text]
    assert str(shop.home) not in text
    assert decoded(content["tables"]["top_customers"])["user_id"] == [None] * 15
    _, named = made(shop, with_ids=True)
    assert set(decoded(named["tables"]["top_customers"])["user_id"]) == ids


def test_the_report_file_loads_nothing_from_outside(shop: Settings) -> None:
    html, _ = made(shop)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy and policy[1].startswith("default-src 'none';") and "unsafe" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    scripts += [block(html, f"packed-{name}") for name in ("charts", "app")]
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert (len(scripts), len(styles)) == (3, 1)
    for text in (*scripts, *styles):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]
    without_blocks = re.sub(r">[A-Za-z0-9+/=]{200,}<", "><", html)
    assert "static/" not in without_blocks and "http:" not in without_blocks
    assert HOSTILE_BRAND not in html


def test_the_command_names_the_file_that_it_wrote(shop: Settings, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report.html"
    result = CliRunner().invoke(main, ["--home", str(shop.home), "report", str(out)])
    assert result.exit_code == 0, result.output
    assert re.fullmatch(rf"{out}: 0\.\d\d MB\n", result.stdout)
    assert out.stat().st_size < 1_500_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "2019-11-02", "--to", "2019-11-01"], "--to 2019-11-01 is before"),
        (["--from", "2021-01-01"], "the data cover 2019-10-01 to 2020-01-31"),
        (["--pdf", "--chromium", "/nowhere/chromium"], "/nowhere/chromium was not found"),
    ],
)
def test_a_report_that_cannot_be_written_is_a_plain_error(
    shop: Settings, tmp_path: Path, options: list[str], said: str
) -> None:
    arguments = ["--home", str(shop.home), "report", str(tmp_path / "r.html"), *options]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3 and said in result.stderr


def test_without_a_browser_the_message_says_how_to_print(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "CHROMIUMS", ("no-such-browser",))
    out = tmp_path / "r.html"
    result = CliRunner().invoke(main, ["--home", str(shop.home), "report", str(out), "--pdf"])
    assert result.exit_code == 3
    assert "apt install chromium" in result.stderr and str(out) in result.stderr
    assert out.is_file(), "the report itself is there"


def test_without_a_snapshot_the_report_names_the_first_step(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--home", str(tmp_path), "report", str(tmp_path / "r.html")])
    assert (result.exit_code, "nothing published yet" in result.stderr) == (3, True)


@pytest.fixture(scope="module")
def pdf(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """The report as a PDF."""
    if not any(map(shutil.which, reporting.CHROMIUMS)):
        pytest.skip("no Chromium here")
    out = tmp_path_factory.mktemp("pdf") / "report.html"
    result = CliRunner().invoke(main, ["--home", str(shop.home), "report", str(out), "--pdf"])
    assert result.exit_code == 0, result.output
    yield out.with_suffix(".pdf").read_bytes()


def test_a_pdf_has_all_pages(pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-")
    counted = re.findall(rb"/Type\s*/Pages\b[^>]*/Count (\d+)", pdf)
    counted += re.findall(rb"/Count (\d+)[^>]*/Type\s*/Pages\b", pdf)
    assert max(map(int, counted)) >= 6
