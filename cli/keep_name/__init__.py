"""`lytics-ml keep-name`: keeps the name by which audiences find a score."""
