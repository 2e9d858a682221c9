#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, from outside: tokens in a file of their own, changed by a reload, guessed in
vain, said nowhere; many reloads at once; many connections that ask nothing."""
import concurrent.futures
import resource
import socket
import time

from harness import config, eventually, expect, expect_equal, http_check, run

OLD, NEW, WRONG = "an-old-secret-0001", "a-new-secret-00002", "no-secret-at-all-3"
RELOADS, CLIENTS = 200, 20
IDLE = 300


def reload_with(daemon, token):
    return daemon.request("POST", "/-/reload", {"Authorization": f"Bearer {token}"})


def tokens_change_by_a_reload(daemon, file):
    expect_equal(reload_with(daemon, WRONG).status, 401, "reload with a wrong token")
    file.write_text(NEW + "\n")
    expect_equal(reload_with(daemon, OLD).status, 200, "reload with the token of before")
    expect_equal(reload_with(daemon, OLD).status, 401, "the old token afterwards")
    expect_equal(reload_with(daemon, NEW).status, 200, "the new token")
    file.write_text("")
    refused = reload_with(daemon, NEW)
    expect_equal(refused.status, 422, "reload with an empty token file")
    expect("web.yml" in refused.text, f"it does not say where: {refused.text}")
    file.unlink()
    expect_equal(reload_with(daemon, NEW).status, 422, "reload without a token file")
    file.write_text(NEW)
    expect_equal(reload_with(daemon, NEW).status, 200, "the token stays, and the file is mended")


def many_reloads_are_few(daemon):
    def count():
        return daemon.metrics().value("bellwether_config_reloads_total", result="success")
    before, begun = count(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        statuses = list(pool.map(lambda _: reload_with(daemon, NEW).status, range(RELOADS)))
    expect_equal(set(statuses), {200}, "answers to many reloads")
    made = count() - before
    expect(0 < made <= RELOADS / 2, f"{made:.0f} reloads were made for {RELOADS} wishes")
    return made, time.monotonic() - begun


def whoever_does_nothing_makes_room(daemon):
    idle = [socket.create_connection(("127.0.0.1", daemon.port), 10) for _ in range(IDLE)]
    for _ in range(10):
        expect_equal(daemon.get("/metrics").status, 200, "a scrape among idle connections")
    for s in idle:
        s.close()


def idle_connections_take_no_descriptors(bench, services):
    """The limit of descriptors is low on purpose; checks must not miss theirs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        daemon = bench.daemon(config(services), "crowded").start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    idle = []
    for i in range(IDLE):
        s = socket.socket()
        s.settimeout(10)
        s.bind((f"127.0.1.{i % 20 + 1}", 0))
        s.connect(("127.0.0.1", daemon.port))
        idle.append(s)
    def runs(**labels):
        return daemon.metrics().total("bellwether_check_runs_total", service="web", **labels)
    begun = runs()
    eventually("checks run on", lambda: runs() > begun + 5)
    expect_equal(runs(result="failure"), 0, "failures among idle connections")
    for s in idle:
        s.close()
    expect_equal(daemon.stop()[0], 0, "exit code")


def guessing_has_an_end(daemon):
    statuses = [reload_with(daemon, WRONG).status for _ in range(12)]
    expect(statuses[0] == 401 and statuses[-1] == 429, f"answers to guesses: {statuses}")
    refused = reload_with(daemon, NEW)
    expect_equal(refused.status, 429, "the right token from there")
    expect(0 < int(refused.headers["Retry-After"]) <= 60, "Retry-After")
    expect_equal(daemon.get("/metrics").status, 200, "what needs no token")
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "the control socket")


def scenario(bench):
    good, = bench.targets("good")
    file, security = bench.folder / "secret", bench.folder / "web.yml"
    file.write_text(OLD + "\n")
    security.write_text("tokens: [{name: deploy, scope: admin, token_file: secret}]\n")
    services = [{"name": "web", "checks": [http_check("page", good)]}]
    args = [f"--web.config.file={security}"]
    daemon = bench.daemon(config(services), args=args).start()
    tokens_change_by_a_reload(daemon, file)
    made, took = many_reloads_are_few(daemon)
    whoever_does_nothing_makes_room(daemon)
    guessing_has_an_end(daemon)
    said = daemon.log() + "".join(daemon.get(p).text for p in ("/", "/metrics", "/api/v1/events"))
    for secret in (OLD, NEW, WRONG):
        expect(secret not in said, "a token is said")
    expect_equal(daemon.stop()[0], 0, "exit code")
    idle_connections_take_no_descriptors(bench, services)
    file.unlink()
    other = bench.daemon(config(services), "without", args=args).spawn()
    expect_equal(other.wait(20), 1, "exit code without the token file")
    expect("secret" in other.log(), "the log names the file")
    print(f"{RELOADS} wishes, {made:.0f} reloads in {took:.1f} s")


run(scenario)
