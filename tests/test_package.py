"""The wheel: `estore` works from any folder, with the dbt project and its seeds inside."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_an_installed_estore_works_from_any_folder(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert "estore/transform_project/seeds/rfm_segments.csv" in names
    assert "estore/transform_project/profiles.yml" in names
    for name in ("pages.json", "static/index.html", "static/app.js", "static/charts.js.br",
                 "static/app.css.gz", "static/LICENSES.txt"):  # fmt: skip
        assert f"estore/dashboard/{name}" in names
    assert not [name for name in names if name.startswith("estore/dashboard/web/")]
    assert not [n for n in names if "/target/" in n or "/lint/" in n or n.startswith("tests/")]

    (elsewhere / "a.csv").write_text(
        "event_time,event_type,product_id,price,user_id,user_session\n"
        "2019-10-01 10:00:00 UTC,purchase,1,12.50,7,s\n"
    )
    run = subprocess.run(
        [sys.executable, "-c",
         "import estore.cli, pathlib; print(pathlib.Path(estore.cli.__file__).parent); "
         "estore.cli.main(['run', 'a.csv'])"],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(str(site)), "the checkout was used, not the wheel"
    assert "$12 from 1 order" in run.stdout or "$13 from 1 order" in run.stdout
    assert (elsewhere / ".estore" / "published" / "CURRENT").is_file()
    report = subprocess.run(
        [sys.executable, "-c", "import estore.cli; estore.cli.main(['report', 'report.html'])"],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True,
    )  # fmt: skip
    assert report.returncode == 0, report.stderr
    assert 'id="packed-app"' in (elsewhere / "report.html").read_text()
