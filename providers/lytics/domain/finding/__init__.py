"""Finds the model that a declaration means, and decides what a create comes to. Pure."""
