"""What is turned from outside: the account's ways, faults, the clock, others' models."""
