"""The report on labour cost."""
