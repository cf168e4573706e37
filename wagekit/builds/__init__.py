"""Builds of a release: what is made, run side by side, checked, remembered, and put in place at once."""
