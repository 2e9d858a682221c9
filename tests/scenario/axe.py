#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accessibility: every page, in light and dark, wide and narrow, shown by a browser and looked at
by axe-core, has no violation. axe-core comes from npm into the build folder; without chromium or
npm (or the network to fetch it once) the scenario is skipped."""
import html
import json
import pathlib
import re
import subprocess
import time

from harness import Skip, eventually, expect, expect_equal, need_program, run

AXE = "axe-core@4"
SIZES = {"wide": 1300, "phone": 390}
THEMES = {"light": 1, "dark": 0}  # chromium's preferredColorScheme

CONFIG = """
global: {interval: 1s, timeout: 1s, fall: 2, rise: 1}
host: {interval: 1s}
services:
  - name: good
    labels: {team: one}
    checks: [{name: page, http: "http://127.0.0.1:%(ok)d/", interval: 1s}]
  - name: bad
    labels: {team: two}
    depends_on: [good]
    instances: ["127.0.0.1:9"]
    checks:
      - {name: port, tcp: "${instance}", interval: 1s}
      - {name: page, http: "http://${instance}/", interval: 1s}
"""

# So many that what is well is folded.
CONFIG += "".join(f"""
  - name: quiet-{i:02d}
    labels: {{team: three}}
    checks: [{{name: page, http: "http://127.0.0.1:%(ok)d/-/healthy", interval: 5s}}]
""" for i in range(14))

# Shows one page after the other in a frame, because a frame may be read by whoever wrote it, and
# leaves what was found in the document.
DRIVER = """<!DOCTYPE html><title>axe</title><pre id="found">running</pre><script>
const pages = %s;
const found = {};
function look(name) {
  return new Promise(function (done) {
    const frame = document.createElement("iframe");
    frame.width = %d; frame.height = 3000;
    frame.onload = function () {
      frame.contentWindow.axe.run(frame.contentDocument, {resultTypes: ["violations"]})
        .then(function (r) {
          found[name] = r.violations.map(v => ({id: v.id, help: v.help,
            nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 300) + " | " + n.failureSummary)}));
        }, function (e) { found[name] = [{id: "broken", help: String(e), nodes: []}]; })
        .then(function () { frame.remove(); done(); });
    };
    frame.srcdoc = pages[name];
    document.body.appendChild(frame);
  });
}
(async function () {
  for (const name of Object.keys(pages)) await look(name);
  document.getElementById("found").textContent = "done " + JSON.stringify(found);
})();
</script>"""


def fetch_axe(build):
    """axe.min.js as text, fetched once into the build folder."""
    folder = build / "axe"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = need_program("npm")
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund",
                               "--ignore-scripts", AXE], capture_output=True, timeout=90)
        if done.returncode != 0 or not script.exists():
            raise Skip("npm could not fetch axe-core")
    return script.read_text()


def standalone(page, style, axe):
    """The page with its style inside and axe instead of its own script."""
    page = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", page)
    page = re.sub(r'<link rel="icon"[^>]*>', "", page)
    return re.sub(r"<script src=[^>]*></script>", lambda _: f"<script>{axe}</script>", page)


def show(bench, name, pages, width, scheme):
    chromium = need_program("chromium")
    folder = pathlib.Path(bench.folder) / name
    folder.mkdir()
    driver = folder / "driver.html"
    texts = json.dumps(pages).replace("</", "<\\/").replace("<!--", "<\\!--")
    driver.write_text(DRIVER % (texts, width))
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={folder}/profile", "--window-size=1400,3200",
         f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=120000",
         "--timeout=120000", "--dump-dom", driver.as_uri()],
        capture_output=True, text=True, timeout=180)
    found = re.search(r'<pre id="found">done (.*?)</pre>', done.stdout, re.S)
    expect(found, f"{name}: the browser did not finish: {done.stdout[:300]} {done.stderr[-500:]}")
    return json.loads(html.unescape(found.group(1)))


def remember_a_disk(bench, daemon):
    """A day of a disk that fills, before the daemon begins."""
    file = pathlib.Path(bench.folder) / "disk.csv"
    now = int(time.time())
    file.write_text("metric,service,mountpoint,time,value\n" + "".join(
        f"node_filesystem_avail_bytes,good,/old,{now - 120 * i},{(300 + i + i * 7919 % 13) * 1e7}\n"
        for i in range(1, 720)))
    done = bench.bellwether("import", "csv", str(file), f"--storage.path={daemon.store}")
    expect_equal(done.returncode, 0, f"import: {done.stderr}")


def trend_of_the_disk(daemon):
    """Its id, once the engine has looked at it."""
    for trend in daemon.api("trends?limit=1000")["trends"]:
        if trend["labels"].get("mountpoint") == "/old":
            return trend["series"]
    return None


def scenario(bench):
    need_program("chromium")
    axe = fetch_axe(pathlib.Path(bench.binary).resolve().parents[2])
    ok = bench.daemon("host: {}\n", name="peer")
    ok.start()
    daemon = bench.daemon(CONFIG % {"ok": ok.port})
    remember_a_disk(bench, daemon)
    daemon.start()
    disk = eventually("a trend is known", lambda: trend_of_the_disk(daemon))
    eventually("an alert is active", lambda: daemon.api("alerts")["alerts"])
    eventually("days are known", lambda: daemon.api("services/bad/days")["available_ratio"]
               is not None)
    paths = ["/", "/?by=team", "/services/bad", "/services/good?range=15m",
             "/services/bad/127.0.0.1%3A9/port", "/hosts", "/trends", "/alerts", "/events",
             "/events?kind=status&service=bad", "/reports", "/nothing",
             f"/trends/{disk}"]
    style = daemon.get("/style.css").text
    pages = {path: standalone(daemon.get(path, {"Accept": "text/html"}).text, style, axe)
             for path in paths}
    pages["planted"] = pages["/trends"].replace(
        "<h1>", '<img src="data:,"><p style="color:#999;background:#aaa">faint</p><h1>')
    wrong = []
    for theme, scheme in THEMES.items():
        for size, width in SIZES.items():
            found = show(bench, f"{theme}-{size}", pages, width, scheme)
            expect(sorted(found) == sorted(pages), f"looked at {sorted(found)}")
            planted = {v["id"] for v in found.pop("planted")}
            expect({"image-alt", "color-contrast"} <= planted, f"planted faults found: {planted}")
            wrong += [f"{path} {theme} {size}: {v['id']}: {v['help']}\n    " + "\n    ".join(v["nodes"])
                      for path, violations in found.items() for v in violations]
    expect(not wrong, f"{len(wrong)} violations:\n" + "\n".join(wrong))


run(scenario)
