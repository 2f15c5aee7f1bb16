"""Buckets: lists the objects of gs:// and s3:// and reads them as they were when listed."""

from estore.buckets.stores import Store, open_store, split_uri

__all__ = ["Store", "open_store", "split_uri"]
