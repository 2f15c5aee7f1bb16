"""Load jobs: how BigQuery reads a file, as text or with its Parquet types."""

from google.cloud import bigquery


def csv_config(columns: list[str], delimiter: str, *, skip: int) -> bigquery.LoadJobConfig:
    """A CSV job with text columns; one line that does not fit fails the job."""
    return bigquery.LoadJobConfig(
        schema=[bigquery.SchemaField(column, "STRING") for column in columns],
        source_format="CSV",
        skip_leading_rows=skip,
        field_delimiter=delimiter,
        quote_character='"',
        allow_quoted_newlines=False,
        allow_jagged_rows=False,
        ignore_unknown_values=False,
        max_bad_records=0,
        write_disposition="WRITE_TRUNCATE",
    )


#: DuckDB types → load job types; a file with any other type is loaded as it describes itself.
_KINDS = {
    "VARCHAR": "STRING", "BIGINT": "INT64", "INTEGER": "INT64", "UINTEGER": "INT64",
    "SMALLINT": "INT64", "DOUBLE": "FLOAT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}  # fmt: skip


def parquet_config(columns: list[tuple[str, str]]) -> bigquery.LoadJobConfig:
    """A Parquet job. columns: (name, DuckDB type)."""
    config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
    if all(kind in _KINDS for _, kind in columns):
        config.schema = [bigquery.SchemaField(name, _KINDS[kind]) for name, kind in columns]
    return config


def as_text(column: str, kind: str) -> str:
    """The value as DuckDB writes it: an instant without a zone stays without one."""
    if kind.startswith("TIMESTAMP") and kind != "TIMESTAMP WITH TIME ZONE":
        return f"format_timestamp('%F %H:%M:%E6S', timestamp({column}))"
    if kind == "BLOB":
        return f"safe_convert_bytes_to_string({column})"
    return f"cast({column} as string)"
