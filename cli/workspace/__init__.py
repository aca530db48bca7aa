"""The project that a command works on: its folders, stacks, states and accounts."""
