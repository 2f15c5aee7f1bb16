"""Answers: the data of a page for a version and a selection, as JSON or CSV."""

import json
from typing import Any

from estore.dashboard.pages import Pages, Query
from estore.dashboard.selection import Selection
from estore.dashboard.shown import Shown
from estore.tables import to_csv


def page_answer(shown: Shown, pages: Pages, page: str, selection: Selection) -> dict[str, Any]:
    """All charts of a page, with its findings."""
    return {
        **shown.about(),
        "page": page,
        "options": shown.options,
        "filters": selection.as_json(),
        "charts": {
            name: shown.answer(query, selection).as_json()
            for name, query in pages.queries[page].items()
        },
        "findings": [found for found in shown.findings if found["topic"] in pages.topics[page]],
    }


def chart_csv(shown: Shown, query: Query, selection: Selection) -> str:
    """One chart's rows as CSV; no cell can run as a formula in a spreadsheet."""
    answer = shown.answer(query, selection)
    return to_csv(answer.columns, answer.rows) + "\n"


def compact_json(value: Any) -> str:
    """JSON without white space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def inline_json(value: Any, element: str) -> str:
    """JSON as a data block of an HTML page; its text cannot close the block."""
    text = compact_json(value)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{element}">{text}</script>'
