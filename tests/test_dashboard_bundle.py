"""The built page equals the build of its sources, and is small and readable for everyone."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from estore.build.dbt_project import project_folder

PROJECT = project_folder()
DASHBOARD = Path(__file__).resolve().parents[1] / "estore" / "dashboard"
STATIC, WEB = DASHBOARD / "static", DASHBOARD / "web"
SCRIPTS = ("app.js", "charts.js")
STYLE = (WEB / "src" / "app.css").read_text()
#: name → its color on light and on dark
PALETTE = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", STYLE)
}
GROUNDS = ["page", "card"]
SOFT = ["blue-soft", "orange-soft", "green-soft", "gray-soft"]
#: WCAG 2 AA: 4.5 for text, 3 for graphics and controls.
PAIRS = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink-soft", "ink-faint") for ground in GROUNDS],
    *[("ink", ground, 4.5) for ground in [*SOFT, "unknown"]],
    *[("ink-soft", "unknown", 4.5)],
    *[(color, ground, 4.5) for color in ("blue", "orange") for ground in GROUNDS],
    *[(color, "card", 3) for color in ("green", "purple", "gray")],
    *[("control", ground, 3) for ground in GROUNDS],
]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2: 1 to 21."""

    def luminance(color: str) -> float:
        shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
            for share in shares
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast_is_that_of_wcag_aa(ink: str, ground: str, least: float, theme: int) -> None:
    assert contrast(PALETTE[ink][theme], PALETTE[ground][theme]) >= least


def test_every_color_comes_from_the_palette() -> None:
    sources = [*WEB.glob("src/**/*.js")]
    assert sources
    for path in sources:
        assert not re.findall(r"#[0-9a-f]{6}\b", path.read_text()), path.name
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    assert used <= set(re.findall(r"--([\w-]+):", STYLE))


def test_no_text_becomes_markup() -> None:
    for path in WEB.glob("src/**/*.js"):
        text = path.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text)


def test_every_kind_of_alert_has_a_name_for_readers() -> None:
    (described,) = (PROJECT / "models").rglob("metrics_data_alerts.yml")
    published = yaml.safe_load(described.read_text())
    (kind,) = (c for c in published["models"][0]["columns"] if c["name"] == "kind")
    kinds = kind["data_tests"][0]["accepted_values"]["arguments"]["values"]
    source = (WEB / "src" / "alerts.js").read_text()
    names = dict(re.findall(r"^  (\w+): '([^']+)',$", source, re.MULTILINE))
    assert set(names) == set(kinds)
    assert len(set(names.values())) == len(kinds)
    marked = re.search(r"OF_DAYS = \[(.*?)\]", source, re.DOTALL)
    assert marked and set(re.findall(r"'(\w+)'", marked[1])) <= set(kinds)


def test_the_first_visit_is_small() -> None:
    # Browsers accept Brotli from localhost and over HTTPS; `make bench-dashboard` measures it too.
    shell = sum((STATIC / f"{name}.br").stat().st_size for name in (*SCRIPTS, "app.css"))
    assert shell < 230_000, "260 KB in all, the page with its first answer included"


def test_the_page_is_laid_out_before_the_chart_library_is_read() -> None:
    html = (STATIC / "index.html").read_text()
    asked = re.findall(r'(?:href|src)="static/([\w.]+\.js)', html)
    assert asked == ["charts.js", "app.js", "charts.js"], "requested first, executed last"
    assert (STATIC / "app.js").stat().st_size < 150_000
    assert (STATIC / "charts.js").read_text().startswith("//# allFunctionsCalledOnLoad\n")


def test_compressed_copies_have_the_same_content() -> None:
    for path in STATIC.glob("*.gz"):
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes(), path.name
        assert path.with_suffix(".br").is_file()


def test_the_bundle_equals_a_build_of_its_sources() -> None:
    if not shutil.which("node") or not (WEB / "node_modules").is_dir():
        pytest.skip("needs node and, in estore/dashboard/web, `npm ci`")
    check = subprocess.run(
        ["node", "build.mjs", "--check"], cwd=WEB, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr


def test_the_page_carries_its_licences() -> None:
    text = (STATIC / "LICENSES.txt").read_text()
    assert "Apache License" in text and "Baidu" in text
