"""Design-based estimation on arrays (GSBPM 5.7): no frames, no files, no labels."""
