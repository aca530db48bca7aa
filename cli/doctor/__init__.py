"""`lytics-ml doctor`: what an account really does, found out by asking it."""
