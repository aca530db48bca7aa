"""`lytics-ml init`: a new environment."""
