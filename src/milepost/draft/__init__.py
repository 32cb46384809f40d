"""A problem file from a table and a sentence, and whether the problem makes sense before anything is trained."""
