"""Where the documents say more: the one function that makes such a link."""

DOCUMENTS = "docs"
"""The folder of the pages. A path in it is right for whoever runs the tool, as that is run from a
clone of this repository; an address would need a site that is published for each version."""


def page(name: str) -> str:
    """Return the path of a page.

    Args:
        name: a page as it stands below `docs`, with an anchor if one is meant:
            `concepts/going-live#the-gate`.
    """
    path, mark, anchor = name.partition("#")
    return f"{DOCUMENTS}/{path}.md{mark}{anchor}"
