"""What leaves the house: wage tables, workbooks, open data, charts, reports (GSBPM 6.5 and 7)."""
