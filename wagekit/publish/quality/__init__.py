"""The method and quality report: how the figures were made and how precise they are."""
