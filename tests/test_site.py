"""The documentation site has all pages, commands and settings, and no broken link."""

import importlib
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from browsing import chromium, needs_chromium

from estore.cli import main
from estore.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
ZENSICAL = ROOT / ".venv-checks" / "bin" / "zensical"
needs_zensical = pytest.mark.skipif(
    not ZENSICAL.is_file(), reason="needs `make lint` or `make docs`"
)


@pytest.fixture(scope="module")
def tools() -> Iterator[dict[str, ModuleType]]:
    """The modules that build it."""
    sys.path.insert(0, str(ROOT / ".ci" / "site"))
    yield {name: importlib.import_module(name) for name in ("build", "links", "reference")}
    sys.path.remove(str(ROOT / ".ci" / "site"))


@pytest.fixture(scope="module")
def site(
    tools: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """All pages without the sample, and the faults of their links."""
    out = tmp_path_factory.mktemp("site") / "out"
    return out, tools["build"].build(out, with_sample=False)


@needs_zensical
def test_without_the_sample_only_links_to_it_are_broken(site: tuple[Path, list[str]]) -> None:
    assert site[1]
    assert all(
        fault.split(" links to ")[1].startswith(("tables.html", "shop.html")) for fault in site[1]
    ), site[1]


@needs_zensical
def test_every_page_of_the_repository_is_in_the_menu(site: tuple[Path, list[str]]) -> None:
    menu = (site[0] / "index.html").read_text()
    for folder in ("docs", "benchmarks", "terraform"):
        for page in (ROOT / folder).rglob("*.md"):
            if page.parent.name == "decisions" and page.name != "README.md":
                continue  # their own list has them
            name = page.relative_to(ROOT).with_suffix(".html")
            shown = name.with_name("index.html") if page.name == "README.md" else name
            assert f'href="{shown}"' in menu.replace("./", ""), name


@needs_zensical
@needs_chromium
def test_a_page_sends_no_request_to_other_hosts(site: tuple[Path, list[str]]) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(site[0]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    asked: list[str] = []
    with chromium() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{address}/docs/metrics.html")
            page.wait_for_load_state("networkidle")
    server.shutdown()
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_the_reference_has_every_command_option_and_setting(
    tools: dict[str, ModuleType],
) -> None:
    commands = tools["reference"].commands_page()
    for name, command in main.commands.items():
        section = commands.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert command.help and command.help.splitlines()[0] in section, name
        for parameter in command.params:
            if getattr(parameter, "hidden", False):
                continue
            for option in parameter.opts:
                assert not option.startswith("--") or option in section, f"{name} {option}"
    settings = tools["reference"].settings_page()
    for name in Settings.model_fields:
        assert f"| `ESTORE_{name.upper()}` |" in settings
    assert "| `ESTORE_TARGET` | `duckdb` or `bigquery` | `duckdb` |" in settings
    assert "| number, 0 to 1 | `0.1` |" in settings


def test_the_reference_has_every_table_that_readers_see(tools: dict[str, ModuleType]) -> None:
    page = tools["reference"].tables_page()
    for folder in ("marts", "metrics", "dashboard"):
        for sql in (ROOT / "transform" / "models" / folder).rglob("*.sql"):
            assert f"| `{sql.stem}` | One row per" in page


def test_broken_links_and_requests_to_other_hosts_are_found(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="https://example.com">away</a>'
        '<a href="#top">top</a><a href="folder/">folder</a><link rel="canonical" href="https://x/">'
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p>')
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text("<p>C</p>")
    assert tools["links"].faults(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="c.html">c</a><a href="a.html#bottom">a</a><img src="missing.png">'
        '<script src="https://cdn.example.com/x.js"></script><link rel="icon" href="//f/x.svg">'
    )
    assert tools["links"].faults(tmp_path) == [
        "a.html links to b.html#there, an anchor that the page does not have",
        "b.html fetches https://cdn.example.com/x.js",
        "b.html fetches //f/x.svg",
        "b.html links to c.html, which does not exist",
        "b.html links to a.html#bottom, an anchor that the page does not have",
        "b.html links to missing.png, which does not exist",
    ]


def test_the_menu_names_pages_that_exist(tools: dict[str, ModuleType], tmp_path: Path) -> None:
    tools["build"].stage(tmp_path)
    config = yaml.safe_load((ROOT / ".ci/site/mkdocs.yml").read_text())

    def leaves(entry: object) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            yield from (leaf for value in entry.values() for leaf in leaves(value))
        elif isinstance(entry, list):
            yield from (leaf for value in entry for leaf in leaves(value))

    for page in leaves(config["nav"]):
        assert (tmp_path / page).is_file(), page
