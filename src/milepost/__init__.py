"""Milepost: from a sentence and a table to a model in production that keeps proving that it works."""
