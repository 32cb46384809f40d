"""Judge answers against the contract: money, thresholds, curves, the verdict. Only this floor opens test targets."""
