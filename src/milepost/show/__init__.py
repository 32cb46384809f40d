"""Results become charts, tables and pages here; nothing is computed, read or judged."""
