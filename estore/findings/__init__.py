"""Findings: sentences about the published numbers, with their caveats."""
