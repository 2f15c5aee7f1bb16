"""The build: pending days become batches, and dbt builds the tables from them."""
