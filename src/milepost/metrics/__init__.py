"""A table of metrics: name, function, direction, unit, tasks. Arrays in, one number out."""
