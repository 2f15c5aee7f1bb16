"""Findings: sentences about the published numbers, and their caveats."""

from estore.escaping import markdown as _escaped  # noqa: F401 (its earlier place)
