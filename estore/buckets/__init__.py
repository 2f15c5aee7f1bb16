"""Buckets: which objects gs:// and s3:// hold, and their bytes as they were when listed."""

from estore.buckets.stores import Store, open_store, split_uri

__all__ = ["Store", "open_store", "split_uri"]
