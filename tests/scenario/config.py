#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration with mistakes starts nothing and lists them all with their places; a reload with
mistakes changes nothing; a good one changes what it says and nothing else."""
import html
import signal
import time

from harness import config, eventually, expect, expect_equal, http_check, run

# Each line that has a mistake says which words the message about it must have.
MISTAKES = """\
global: {interval: fast, timeout: 1s}      #! global.interval
host: {colectors: [cpu]}                   #! colectors
services:
  - name: web
    checks:
      - {name: page, http: "gopher://x/"}  #! http
      - {name: page, tcp: "127.0.0.1:1"}   #! name
      - {name: c, http: "http://127.0.0.1/", module: absent}  #! absent
      - {name: d, tcp: "127.0.0.1:99999"}  #! 99999
      - {name: e}                          #! http, tcp
    depends_on: [nobody]                   #! nobody
  - name: other
    checks: [{name: a, tcp: "127.0.0.1:1", interval: -5s}]  #! interval
alerts:
  rules:
    - {name: r, expr: "node_load1 +", levels: {warning: "> 1"}}  #! expr
    - {name: s, expr: "node_load1", levels: {warning: "much"}}  #! warning
reports:
  schedules:
    - {name: x, cron: "61 * * * *"}        #! cron
storrage: {path: x}                        #! storage
"""


def mistakes_are_listed(bench):
    daemon = bench.daemon(MISTAKES, "mistakes")
    daemon.spawn()
    expect_equal(daemon.wait(20), 1, "exit code of serve")
    checked = bench.bellwether("check", daemon.file)
    expect_equal(checked.returncode, 1, "exit code of check")
    for said, source in ((checked.stderr, "check"), (daemon.log(), "serve")):
        for number, line in enumerate(MISTAKES.splitlines(), 1):
            if "#!" not in line:
                continue
            word = line.split("#!")[1].strip()
            there = [s for s in said.splitlines() if f"bellwether.yml:{number}:" in s]
            expect(any(word in s for s in there),
                   f"{source} does not say '{word}' of line {number}: {there or said}")
    expect("listening" not in daemon.log(), "it listened")
    expect(not daemon.store.exists(), "a store was made")
    missing = bench.bellwether("serve", "--config.file=/nonexistent.yml",
                               f"--storage.path={daemon.store}")
    expect_equal(missing.returncode, 1, "exit code without the file")
    expect("/nonexistent.yml" in missing.stderr, missing.stderr)


def labels_are_everywhere(bench):
    """The user's labels, the nearest word counting: on every metric of a check and on its alerts,
    in the API and on its page; a reload changes them on what is there already."""
    def web(tier):
        return {"name": "web", "labels": {"team": "shop", "tier": tier}, "checks": [
            {"name": "closed", "tcp": "127.0.0.1:1", "labels": {"team": "net", "path": "/x"}},
            {"name": "plain", "tcp": "127.0.0.1:1"}]}
    daemon = bench.daemon(config([web("1")], global_={"labels": {"site": "vie1"}}), "labels")
    daemon.start()
    own = {"site": "vie1", "team": "net", "tier": "1", "path": "/x"}
    plain = {"site": "vie1", "team": "shop", "tier": "1"}
    names = ("probe_success", "probe_duration_seconds", "bellwether_check_runs_total",
             "bellwether_health_score", "bellwether_alert_active")

    def of(check, name):
        return [{k: v for k, v in have.items() if k in own}
                for have, _ in daemon.metrics().all(name, service="web", check=check)]
    eventually("both are down", lambda: of("closed", "bellwether_alert_active")
               and of("plain", "bellwether_alert_active"))
    for name in names:
        expect(all(have == own for have in of("closed", name)), f"{name}: {of('closed', name)}")
        expect(all(have == plain for have in of("plain", name)), f"{name}: {of('plain', name)}")
    checks = {c["name"]: c["labels"]
              for i in daemon.api("services/web")["instances"] for c in i["checks"]}
    expect_equal(checks, {"closed": own, "plain": plain}, "labels in the API")
    targets = {t["name"]: t["labels"] for t in daemon.api("targets")["targets"]}
    expect_equal((targets["closed"], targets["plain"]), (own, plain), "labels of targets")
    page = daemon.get("/services/web/127.0.0.1%3A1/closed").text
    for name, value in own.items():
        expect(f"{name}: {value}" in html.unescape(page), f"no label {name} on the check's page")
    daemon.configure(config([web("2")], global_={"labels": {"site": "vie1"}}))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    for name in names:
        eventually(f"{name} has the new label", lambda: all(
            have["tier"] == "2" for have in of("closed", name)) and of("closed", name))
    expect_equal(daemon.stop()[0], 0, "exit code")


def standing(daemon):
    check = daemon.checks("web")["page"]
    return check["status"], check["since"]


def reloads(daemon, result):
    return daemon.metrics().value("bellwether_config_reloads_total", result=result)


def reload_keeps_and_refuses(bench):
    good, = bench.targets("good")
    web = {"name": "web", "checks": [http_check("page", good)]}
    daemon = bench.daemon(config([web])).start()
    eventually("HEALTHY", lambda: daemon.metrics().check_status("web", "page") == "HEALTHY")
    before = eventually("the view has it", lambda: (s := standing(daemon))[0] == "HEALTHY" and s)
    expect_equal(daemon.metrics().value("bellwether_config_last_reload_successful"), 1, "at first")

    daemon.configure(MISTAKES)
    daemon.signal(signal.SIGHUP)
    eventually("the bad reload is said in metrics", lambda: daemon.metrics().value(
        "bellwether_config_last_reload_successful") == 0)
    expect_equal(reloads(daemon, "failure"), 1, "failed reloads")
    for line in (1, 6, 20):
        expect(f"bellwether.yml:{line}:" in daemon.log(), f"line {line} is not in the log")
    expect_equal(standing(daemon), before, "the check after a bad reload")
    runs = daemon.metrics().total("bellwether_check_runs_total", service="web")
    eventually("the old configuration runs on", lambda: daemon.metrics().total(
        "bellwether_check_runs_total", service="web") > runs)
    refused = daemon.control("POST", "/-/reload")
    expect_equal(refused.status, 422, "reload by the control socket")
    expect("bellwether.yml:" in refused.text, refused.text)

    daemon.configure(config([web, {"name": "new", "checks": [http_check("page", good)]}]))
    daemon.signal(signal.SIGHUP)
    eventually("the new service is HEALTHY",
               lambda: daemon.metrics().check_status("new", "page") == "HEALTHY")
    expect_equal(daemon.metrics().value("bellwether_config_last_reload_successful"), 1, "mended")
    expect_equal(standing(daemon), before, "the unchanged check after a good reload")
    expect(daemon.metrics().total("bellwether_check_runs_total", service="web") > runs,
           "the counters of an unchanged check began anew")

    daemon.configure(config([web], storage={"commit_interval": "300ms"}))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload by the control socket")
    expect("'storage' holds from the next start on" in daemon.log(), "a change that waits")
    eventually("the service is gone", lambda: daemon.service("new") is None
               and not daemon.metrics().all("probe_success", service="new"))
    return daemon, before


def a_hundred_hangups(daemon, before):
    """The check does not change, so its runs go on at their pace, and so does its status."""
    done = reloads(daemon, "success")
    begun = time.monotonic()
    for _ in range(100):
        daemon.signal(signal.SIGHUP)
        time.sleep(0.01)  # a hundred in a second, not one merged signal
    expect(daemon.is_alive(), "it died")
    answer = daemon.get("/metrics", timeout=10)
    took = time.monotonic() - begun
    expect_equal(answer.status, 200, "GET /metrics")
    eventually("reloads were made", lambda: reloads(daemon, "success") > done)
    runs = daemon.metrics().total("bellwether_check_runs_total", service="web")
    eventually("checks go on", lambda: daemon.metrics().total(
        "bellwether_check_runs_total", service="web") >= runs + 5)
    expect_equal(standing(daemon), before, "the check after a hundred reloads")
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM,
                   signal.SIGWINCH):
        daemon.signal(number)
    expect_equal(daemon.get("/-/healthy").status, 200, "GET /-/healthy after other signals")
    print(f"100 SIGHUP and a scrape in {took:.1f} s, "
          f"{reloads(daemon, 'success') - done:.0f} reloads")


def a_run_outlives_reloads(bench):
    """A target that takes 0.3 s, and a reload every 0.1 s: the run under way goes on."""
    slow, = bench.targets("slow")
    web = {"name": "web", "checks": [http_check("page", slow, interval="500ms")]}
    daemon = bench.daemon(config([web]), "outlive").start()
    for _ in range(20):
        daemon.signal(signal.SIGHUP)
        time.sleep(0.1)
    runs = daemon.metrics().total("bellwether_check_runs_total", service="web")
    expect(runs >= 2, f"{runs} runs ended in 2 s of reloads")
    expect_equal(daemon.stop()[0], 0, "exit code")


def a_changed_module_changes_its_checks(bench):
    """Checks share what their module says; a reload with another word changes those alone, also
    while a run by the old one is under way."""
    fine, = bench.targets("good")
    checks = [{**http_check(name, fine, interval="200ms"), "module": module}
              for name, module in (("a", "page"), ("b", "page"), ("c", "other"))]

    def document(code):
        modules = {name: {"prober": "http", "http": {"valid_status_codes": [number]}}
                   for name, number in (("page", code), ("other", 200))}
        return config([{"name": "web", "checks": checks}], modules=modules)

    def stand(daemon):
        return [daemon.checks("web")[name]["status"] for name in "abc"]

    daemon = bench.daemon(document(200), "modules").start()
    eventually("all pass", lambda: stand(daemon) == ["HEALTHY"] * 3)
    daemon.configure(document(418))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    eventually("two fail", lambda: stand(daemon) == ["UNHEALTHY", "UNHEALTHY", "HEALTHY"])
    daemon.configure(document(200))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    eventually("all pass again", lambda: stand(daemon) == ["HEALTHY"] * 3)
    expect_equal(daemon.stop()[0], 0, "exit code")


def scenario(bench):
    mistakes_are_listed(bench)
    daemon, before = reload_keeps_and_refuses(bench)
    a_hundred_hangups(daemon, before)
    a_run_outlives_reloads(bench)
    a_changed_module_changes_its_checks(bench)
    labels_are_everywhere(bench)
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
