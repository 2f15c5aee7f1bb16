"""Snapshots: writes and reads the small tables of a build as a version of Parquet files."""
