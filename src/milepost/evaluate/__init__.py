"""Judge answers against the contract: money, thresholds, curves, the verdict.

The truth is handed in; of test rows only the verb `evaluate` hands it in.
"""
