"""Tableau: a workbook with dashboards and its data, in one file."""
