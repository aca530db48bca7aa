"""The graph of sources, models and audiences, as Mermaid that GitHub and GitLab draw."""

from collections.abc import Iterator

from cli.audiences.used import UsedModel, WhoUses
from cli.screen.terminal import safe


def as_mermaid(who: WhoUses) -> str:
    """Return the graph: source → model → audiences; dashed where the model isn't live."""
    lines = ["graph LR"]
    nodes: dict[str, str] = {}
    links: dict[str, None] = {}
    absent = (one for one in who.unwritten if not one.id)
    for one in (*who.ours, *who.others, *absent):
        links.update(dict.fromkeys(_links(one, nodes)))
    lines += [f"  {node}" for node in nodes.values()]
    return "\n".join([*lines, *(f"  {link}" for link in links)])


def _links(one: UsedModel, nodes: dict[str, str]) -> Iterator[str]:
    arrow = "-->" if one.live else "-.->"
    model = _node(nodes, f"model {one.id or one.shown}", one.shown, "[", "]")
    if one.source:
        yield f"{_node(nodes, f'source {one.source}', one.source, '([', '])')} {arrow} {model}"
    for use in one.uses:
        before, link = model, arrow
        for slug in (*reversed(use.through), use.audience.slug or use.audience.id):
            audience = _node(nodes, f"audience {slug}", slug, "(", ")")
            yield f"{before} {link} {audience}"
            before, link = audience, "-->"


def _node(nodes: dict[str, str], what: str, label: str, opening: str, closing: str) -> str:
    """Return a node's id, made at its first mention."""
    if what not in nodes:
        # In quotes only these mean anything to Mermaid, and to the HTML that it writes.
        text = safe(label).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;")
        nodes[what] = f'n{len(nodes)}{opening}"{text}"{closing}'
    return nodes[what].split(opening, 1)[0]
