"""The service around a bundle: requests in, answers out, each with its record; guards, arms, keys, limits, figures."""
