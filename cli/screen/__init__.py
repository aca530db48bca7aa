"""Showing: on terminals and as Markdown, values of others always escaped."""
