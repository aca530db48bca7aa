"""`lytics-ml list` and `lytics-ml show`: a stack's models."""
