"""A page in a real browser: what is drawn, what fits, what a keyboard reaches."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

PROBE = """
<script>
addEventListener('load', () => {
  const all = s => [...document.querySelectorAll(s)];
  const first = all('details')[0];
  const out = {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    back: getComputedStyle(document.body).backgroundColor,
    images: all('img').length,
    fits: document.documentElement.scrollWidth <= innerWidth,
    width: innerWidth,
    loaded: performance.getEntriesByType('resource').length,
    svg: all('svg').length,
    bands: all('svg .band').length,
    bounds: all('svg .bound').length,
    labelled: all('svg').every(s => s.getAttribute('aria-label')),
    smallest_text_px: Math.min(99, ...all('svg text').map(t => t.getBBox().height
      * t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width)),
    cut_off: all('.wide').filter(e => e.scrollWidth > e.clientWidth).length,
    unreachable: all('.wide').filter(e => e.scrollWidth > e.clientWidth && e.tabIndex < 0)
      .map(e => e.textContent.slice(0, 40)),
  };
  if (first) {
    const summary = first.querySelector('summary'), was = first.open;
    summary.focus();
    summary.click();
    out.toggled = document.activeElement === summary && first.open !== was;
  }
  document.body.textContent = JSON.stringify(out);
});
</script>
"""


def chromium() -> str:
    """Return a headless browser, or skip."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH: the page is not tried in a real browser")


def opened(page: Path, scheme: str, width: int) -> dict[str, Any]:
    """Open a page in a frame of a given width, and return what is there.

    Headless windows are at least 500 px wide, so a frame in one is what a phone shows.

    Args:
        page: the file.
        scheme: `light` or `dark`.
        width: of the frame, in pixels.
    """
    browser = chromium()
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        inner, outer = Path(folder) / "inner.html", Path(folder) / "outer.html"
        inner.write_text(text.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
        frame = f'<iframe id="f" width="{width}" height="900" src="inner.html"></iframe>'
        copy = (
            "<script>addEventListener('load', () => setTimeout(() => { document.body.textContent ="
            " document.getElementById('f').contentDocument.body.textContent; }, 200))</script>"
        )
        outer.write_text(f"<!doctype html><body>{frame}{copy}</body>", encoding="utf-8")
        command = [
            *(browser, "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--allow-file-access-from-files", "--virtual-time-budget=5000"),
            f"--blink-settings=preferredColorScheme={'0' if scheme == 'dark' else '1'}",
            f"--user-data-dir={folder}/profile",
            *("--dump-dom", outer.as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"<body>(\{.*\})</body>", done.stdout)
    assert found, done.stdout[-500:] + done.stderr[-500:]
    seen: dict[str, Any] = json.loads(found[1])
    return seen
