"""How a program ends: what went wrong, what an up holds back, what goes into the history."""
