"""Queries: SQL of a user's own, answered as a stream within a time limit."""
