"""Letters to the surveyed enterprises: their own figures beside the published ones."""
