"""What faces the engine: its calls, its display, its threads."""
