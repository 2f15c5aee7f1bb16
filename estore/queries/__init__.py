"""Queries: answers a user's SQL as a stream, within a time limit."""
