"""The guidance report of one industry section."""
