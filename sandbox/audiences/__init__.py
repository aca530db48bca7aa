"""Segments that are defined by scores: what users' profiles hold, and who fits a definition."""
