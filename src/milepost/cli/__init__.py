"""The command line: parse, call one verb, show its result. Nothing is computed here."""
