"""The resources that a program declares, and what their arguments may be."""
