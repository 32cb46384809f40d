"""Intervals, bootstrap, paired comparison, curves and calibration on plain arrays; no models here."""
