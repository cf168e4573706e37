"""Notebooks run, read as documents, and set as pages and PDF."""
