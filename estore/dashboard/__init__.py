"""The dashboard: pages over the published snapshot. Nothing here opens the warehouse."""
