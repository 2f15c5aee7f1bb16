"""Tests of the dashboard's pages in a browser."""
