"""Reads the definitions of audiences: FilterQL, as text or as a tree. Pure."""
