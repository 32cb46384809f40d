"""What was asked and answered, and what later turned out to be true: journals, tables, and one way to read both.

A serving process appends to its own journal before an answer leaves (journal). Folding moves frames into two Delta
tables (fold, tending). Readers see both as one (read). Outcomes find their prediction (outcomes). A model is only an
id here.
"""
