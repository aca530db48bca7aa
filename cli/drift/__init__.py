"""`lytics-ml drift`: how the account differs from what was declared."""
