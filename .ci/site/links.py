"""Finds broken links of a built site, and requests to other hosts."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Tag → the attribute whose address a browser fetches when it opens the page.
FETCHED = {"img": "src", "script": "src", "source": "src", "iframe": "src", "link": "href"}
#: Relations of links that a browser does not fetch by itself.
HARMLESS_RELATIONS = {"canonical", "prev", "next", "edit"}


class _Page(HTMLParser):
    """Ids and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.ids.update(given[name] for name in ("id", "name") if given.get(name))
        address = given.get(FETCHED.get(tag, "href"), "")
        if not address:
            return
        if tag in FETCHED and given.get("rel") not in HARMLESS_RELATIONS:
            self.fetched.append(address)
        elif tag == "a":
            self.links.append(address)


def faults(site: Path, *, opaque: frozenset[str] = frozenset()) -> list[str]:
    """One sentence per fault. opaque: files that are applications, not pages with links."""
    pages = {
        path: _Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
        if str(path.relative_to(site)) not in opaque
    }
    found = []
    for path, page in pages.items():
        name = path.relative_to(site)
        if name == Path("404.html"):  # its addresses are relative to wherever it is shown
            continue
        for address in page.fetched:
            if urlsplit(address).netloc:
                found.append(f"{name} fetches {address}")
        for address in [*page.links, *page.fetched]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                found.append(f"{name} links to {address}, which does not exist")
            elif target in pages and unquote(parts.fragment) not in {"", *pages[target].ids}:
                found.append(f"{name} links to {address}, an anchor that the page does not have")
    return found
