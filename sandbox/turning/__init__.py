"""What tests change from outside: the account's behaviour, faults, the clock, others' models."""
