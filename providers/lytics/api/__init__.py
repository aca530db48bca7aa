"""Speaks HTTP to Lytics. Knows nothing of Pulumi."""
