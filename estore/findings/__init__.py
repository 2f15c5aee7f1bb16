"""Findings: sentences about the published numbers, and their caveats."""
