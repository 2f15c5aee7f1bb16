"""Builds the documentation site: `python .ci/site/build.py dist/site`.

The result is one static folder: the repository's pages, the code's commands and settings, and
the report and dbt catalog of a synthetic shop. The build fails if a link is broken.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import reference
from links import faults

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = Path(sys.executable).parent
ZENSICAL = ROOT / ".venv-checks" / "bin" / "zensical"
PAGES = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "benchmarks", "terraform",
    "transform/README.md",
)  # fmt: skip
EVENTS, MONTHS = 300_000, 5
#: Single-file applications, whose scripts create their links.
OPAQUE = frozenset({"sample/shop.html", "sample/tables.html"})
SAMPLE = {
    "report.md": """# Sample report

`estore report` wrote this file for a synthetic shop with 300,000 events:
[open the report](shop.html). It is one file. All filters also work when you open it from a disk.
""",
}


def stage(pages: Path) -> None:
    """Copy all pages into one folder laid out like the repository, so that their links work."""
    for name in PAGES:
        source = ROOT / name
        for path in [source] if source.is_file() else sorted(source.rglob("*.md")):
            to = pages / path.relative_to(ROOT)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(_with_links(path, pages), encoding="utf-8")
    for folder, texts in {
        "sample": {**SAMPLE, "catalog.md": reference.tables_page()},
        "reference": {
            "commands.md": reference.commands_page(),
            "settings.md": reference.settings_page(),
        },
    }.items():
        (pages / folder).mkdir()
        for name, text in texts.items():
            (pages / folder / name).write_text(text, encoding="utf-8")
    shutil.copy(HERE / "site.css", pages)
    shutil.copy(ROOT / "estore" / "dashboard" / "static" / "icon.svg", pages)


def _with_links(page: Path, pages: Path) -> str:
    """The page's text. Linked files that are not pages are copied with it, as text."""

    def follow(match: re.Match[str]) -> str:
        path, anchor = match[2], match[3] or ""
        target = (page.parent / path).resolve()
        if not target.is_file() or target.suffix == ".md" or not target.is_relative_to(ROOT):
            return match[0]
        name = target.relative_to(ROOT)
        if target.suffix not in (
            ".png",
            ".svg",
            ".html",
        ):  # a browser shows text and downloads other files
            name = name.with_name(f"{name.name.lstrip('.')}.txt")
        to = pages / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, to)
        shown = os.path.relpath(to, pages / page.parent.relative_to(ROOT))
        return f"{match[1]}({shown}{anchor})"

    return re.sub(r"(\])\(([^)#:\s]+)(#[^)\s]*)?\)", follow, page.read_text(encoding="utf-8"))


def sample(out: Path, work: Path) -> None:
    """Build a synthetic shop's report and the dbt catalog of its warehouse."""
    home, landing = work / "home", work / "landing"
    _run(BIN / "estore", "synth", landing, "--events", EVENTS, "--months", MONTHS, "--seed", 1)
    _run(BIN / "estore", "--home", home, "run", landing)
    _run(BIN / "estore", "--home", home, "report", out / "shop.html")
    _run(
        BIN / "dbt", "docs", "generate", "--static", "--project-dir", ROOT / "transform",
        "--profiles-dir", ROOT / "transform", "--target-path", work / "dbt", "--log-path", work,
        environment={"ESTORE_WAREHOUSE": home / "warehouse.duckdb", "ESTORE_TEMP": work,
                     "ESTORE_TARGET": "duckdb"},
    )  # fmt: skip
    catalog = (work / "dbt" / "static_index.html").read_text(encoding="utf-8")
    for wrong, right in {
        "${require('./assets/favicons/favicon.ico')}": "../icon.svg",
        str(work): "",
        str(ROOT): "",
    }.items():
        catalog = catalog.replace(wrong, right)
    (out / "tables.html").write_text(catalog, encoding="utf-8")


def build(out: Path, *, with_sample: bool = True) -> list[str]:
    """Rebuild the site in the folder `out`. Returns the faults of its links."""
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="estore-site-") as folder:
        work = Path(folder)
        (work / "pages").mkdir()
        stage(work / "pages")
        shutil.copy(HERE / "mkdocs.yml", work)
        _run(ZENSICAL, "build", "--strict", "--config-file", work / "mkdocs.yml")
        shutil.copytree(work / "site", out)
        if with_sample:
            sample(out / "sample", work)
    return faults(out, opaque=OPAQUE)


def _run(*command: object, environment: dict[str, object] | None = None) -> None:
    """Run a command. Raises SystemExit with its output if it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "DO_NOT_TRACK": "1",
             **{name: str(value) for name, value in (environment or {}).items()}},
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"error: {Path(str(command[0])).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if found := build(target):
        sys.exit("\n".join(["error: broken links", *found]))
    pages, size = (
        len(list(target.rglob("*.html"))),
        sum(path.stat().st_size for path in target.rglob("*") if path.is_file()),
    )
    print(f"{target}: {pages} pages, {size / 1e6:.1f} MB; open {target / 'index.html'}")
