"""Excel: a workbook with one sheet for each question, with native charts."""
