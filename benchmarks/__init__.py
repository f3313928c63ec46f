"""Measures of quality, speed and size, printed as tables: ``python -m benchmarks --list``."""
