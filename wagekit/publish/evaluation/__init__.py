"""The data evaluation report: what came in, what was refused and corrected, and how good it is."""
