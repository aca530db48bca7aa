"""One account as an operation sees it: its models, whose it is, what is set live in it."""
