"""Who is there: users, their fields, and how they drift."""
