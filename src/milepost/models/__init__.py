"""Rungs, the climb over them, ensembles, calibration and the last fit."""
