"""The snapshot: the small tables of a build as one version of Parquet files, written and read."""
