"""The benchmark: from CSV files to a snapshot, against a bare scan and the plain pipeline."""
