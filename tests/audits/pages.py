"""Hold web pages to the accessibility rules of axe, in a real browser, in light and dark.

    npm install --prefix /tmp/axe axe-core
    python tests/audits/pages.py --axe /tmp/axe/node_modules/axe-core/axe.min.js reports/demo/*.html

Needs Chromium. Nothing is fetched: the page and axe go into one file that the browser opens.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = """
axe.run(document, {resultTypes: ["violations", "incomplete"]}).then(found => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches
  const said = {violations: found.violations, passes: found.passes.length, dark: dark}
  const place = document.createElement("pre")
  place.id = "what-axe-found"
  place.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(said))))
  document.body.append(place)
})
"""


def audit(page: Path, axe: str, *, dark: bool, width: int, browser: str) -> dict:
    """What axe finds on a page: violations, number of rules passed, whether the page was dark."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        runs = (
            f"<script>{axe.replace('</script', chr(60) + chr(92) + '/script')}</script><script>{RUNS}</script></body>"
        )
        file.write_text(page.read_text(encoding="utf-8").replace("</body>", runs), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += [f"--user-data-dir={folder}/profile", f"--window-size={width},900", "--virtual-time-budget=60000"]
        command += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom", file.as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True).stdout
    found = re.search(r'<pre id="what-axe-found">([^<]*)', shown)
    if found is None:
        raise SystemExit(f"{page}: axe said nothing")
    said = json.loads(base64.b64decode(found[1]))
    assert said["dark"] == dark, "the browser doesn't follow the colour scheme"
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--axe", type=Path, required=True, help="axe.min.js of axe-core")
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--width", type=int, default=1280)
    arguments = parser.parse_args()
    axe = arguments.axe.read_text(encoding="utf-8")
    bad = 0
    for page in arguments.pages:
        for dark in (False, True):
            said = audit(page, axe, dark=dark, width=arguments.width, browser=arguments.browser)
            print(f"{page.name}, {'dark' if dark else 'light'}: {said['passes']} rules passed")
            for rule in said["violations"]:
                bad += 1
                print(f"  {rule['impact']}: {rule['id']}, {len(rule['nodes'])} times: {rule['nodes'][0]['html'][:120]}")
    print(f"{bad} violations on {len(arguments.pages)} pages")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
