"""Bundles on disk, the MLflow store of runs and versions, the history of decisions, and promotion."""
