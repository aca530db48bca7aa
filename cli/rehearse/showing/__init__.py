"""Rehearsals shown: on a terminal, as Markdown, as a page."""
