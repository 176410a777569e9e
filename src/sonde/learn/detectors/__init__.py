"""Anomaly detectors, one a file."""
