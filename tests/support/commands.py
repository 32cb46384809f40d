"""Every command, by its words."""

COMMANDS = (
    "init",
    "check",
    "train",
    "evaluate",
    "report",
    "score",
    "status",
    "promote",
    "rollback",
    "history",
    "serve",
    "outcomes",
    "parity",
    "tour",
    "explain",
)
GROUPS = {"log": ("show", "query", "export", "verify", "forget"), "keys": ("add", "list", "end")}
