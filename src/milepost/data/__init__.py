"""Tables as they come and as they are meant: read, repaired, described, expressed, split."""
