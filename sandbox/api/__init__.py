"""The API: its routes' handlers, its rules, and how all is worded on the wire."""
