"""The report that compares the growth of wages with the guideline."""
