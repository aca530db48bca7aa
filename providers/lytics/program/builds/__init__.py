"""Waits until models are built, and sets is_active then where Lytics does not."""
