"""The contract: one TOML file that says what is predicted, from which data, and what counts as success."""
