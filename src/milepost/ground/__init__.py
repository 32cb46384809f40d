"""What every floor stands on: errors, events, clock, seeds, workspace, files, doors, fanout, text."""
