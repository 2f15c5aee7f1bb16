"""The engine seam: what the pipeline asks of a warehouse, an engine a module."""
