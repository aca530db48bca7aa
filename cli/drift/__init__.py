"""`lytics-ml drift`: what the account shows otherwise than it was declared."""
