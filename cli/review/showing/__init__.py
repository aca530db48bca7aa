"""A review shown: on a terminal, as Markdown, as a page, as JSON."""
