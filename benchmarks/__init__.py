"""The benchmark: from CSV files to a published snapshot, against a bare scan and the plain way."""
