"""Orchestration: the Dagster code location. Nothing outside this package imports dagster."""
