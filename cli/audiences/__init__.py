"""`lytics-ml audiences`: who uses the models of an account."""
