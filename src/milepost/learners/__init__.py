"""Fit on arrays and leave a predictor's document: encoding, linear, tree, boosted trees. No tuning, no selection."""
