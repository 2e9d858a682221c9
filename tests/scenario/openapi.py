#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/openapi.yaml and the server say the same. Every route of the program is in the file and the
other way round; every parameter is tried with values that its schema allows and with others; every
answer has a status, a type and members that the file knows, and all that it requires."""
import http.client
import json
import pathlib
import re
import subprocess
import urllib.parse

from harness import (config, eventually, expect, expect_equal, http_check, run, tcp_check)

try:
    import jsonschema
    import yaml
except ImportError as e:
    raise SystemExit(77) from e

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "post", "put", "delete", "patch")
SCOPES = {"none": [{}], "read": [{}, {"token": []}], "write": [{"token": ["write"]}], "admin": [{"token": ["admin"]}]}
READ, ADMIN = "a-token-that-reads", "a-token-for-all-of-it"
ODD = '<b>"odd" ä/%2F&?#'

# Tried on every parameter: those that its schema allows must be answered, the others refused.
POOL = ["", "0", "1", "7", "1000", "1001", "-1", "1.5", "x", "nonsense", "2026-01-02", "yesterday",
        "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00", "2026-13-02T03:04:05Z", "0s", "90s",
        "1h30m", "5 m", "9" * 15, "-" + "9" * 15, "9" * 18, "9" * 25, "-9223372036854775808", "status",
        "STATUS", "marker", "30d", "pdf", "json", "xlsx", "15m", "\u00e4", "a\nb"]


# ---- the file --------------------------------------------------------------------------------

class Description:
    def __init__(self, text):
        self.doc = yaml.safe_load(text)
        self.resolver = jsonschema.RefResolver.from_schema(self.doc)
        self.used = set()

    def resolve(self, node):
        while "$ref" in node:
            self.used.add(node["$ref"])
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def schema(self, schema):
        return jsonschema.Draft202012Validator(schema, resolver=self.resolver)

    def operations(self):
        """(path, method, parameters, operation)"""
        for path, item in self.doc["paths"].items():
            for method in METHODS:
                if method in item:
                    both = item.get("parameters", []) + item[method].get("parameters", [])
                    yield path, method, [self.resolve(p) for p in both], item[method]

    def methods(self, path):
        return {m.upper() for m in self.doc["paths"][path] if m in METHODS}


def walk(node, where="#"):
    yield where, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from walk(child, f"{where}/{key}")


def file_is_sound(description):
    doc, seen = description.doc, set()
    expect_equal(doc["openapi"], "3.1.0", "version of OpenAPI")
    for where, node in walk(doc):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            seen.add(node["$ref"])
            description.resolve(node)  # fails on a reference to nothing
        if isinstance(node, dict) and "properties" in node and not where.endswith("Members"):
            expect(node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False,
                   f"{where} is not closed")
        if isinstance(node, dict) and isinstance(node.get("required"), list) and "allOf" not in node:
            lost = set(node["required"]) - set(node["properties"])
            expect(not lost or where.endswith("Members"), f"{where} requires what it does not have: {lost}")
    for kind in ("schemas", "parameters", "responses", "headers"):
        for name, part in doc["components"][kind].items():
            expect(f"#/components/{kind}/{name}" in seen, f"{kind}/{name} is used nowhere")
            if kind == "schemas":
                jsonschema.Draft202012Validator.check_schema(part)
    ids = [operation["operationId"] for _, _, _, operation in description.operations()]
    expect_equal(len(ids), len(set(ids)), "operationIds are unique")
    for path, method, parameters, operation in description.operations():
        expect("default" in operation["responses"], f"{method} {path}: no default response")
        inside = re.findall(r"{(\w+)}", path)
        named = [p["name"] for p in parameters if p["in"] == "path"]
        expect_equal(named, inside, f"{method} {path}: its path's parameters")


def same_routes(bench, description):
    """The program's table and the file, both ways, with scopes and summaries of parameters."""
    table = bench.bellwether("docs", "routes").stdout
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \| (\w+) \| (.*) \|$", table, re.M)
    expect(len(rows) > 20, f"the table of routes: {table}")
    routes = {(method, path): (scope, says) for method, path, scope, says in rows}
    described = {(m.upper(), path): (parameters, operation)
                 for path, m, parameters, operation in description.operations()}
    expect_equal(sorted(described), sorted(routes), "routes in docs/openapi.yaml and in src/web/route.c")
    for route, (scope, says) in routes.items():
        parameters, operation = described[route]
        expect_equal(operation.get("security", description.doc["security"]), SCOPES[scope],
                     f"security of {route}")
        for parameter in parameters:
            if parameter["in"] == "query" and route[1].startswith("/api/"):
                expect(parameter["name"] in says, f"{route}: its summary forgets {parameter['name']}")


# ---- answers ---------------------------------------------------------------------------------

def must_fit(description, answer, operation, what, statuses=None):
    """The answer is one of those that the operation has."""
    if statuses is not None:
        expect(answer.status in statuses, f"{what}: {answer.status}, not {statuses}: {answer.body[:300]}")
    responses = operation["responses"]
    response = responses.get(str(answer.status))
    if response is None:
        expect(answer.status >= 400, f"{what}: {answer.status} is not described")
        response = responses["default"]
    response = description.resolve(response)
    for header in response.get("headers", {}):
        expect(answer.headers[header], f"{what}: no {header}")
    if "content" not in response:
        expect_equal(answer.body, b"", f"{what}: a body")
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    expect(kind in response["content"], f"{what}: {answer.status} of type {kind}")
    schema = response["content"][kind]["schema"]
    if kind in ("application/json", "application/problem+json"):
        body = json.loads(answer.text, parse_constant=lambda c: expect(False, f"{what}: {c} in JSON"))
        flaws = [f"{'/'.join(map(str, flaw.absolute_path))}: {flaw.message[:300]}"
                 for flaw in description.schema(schema).iter_errors(body)]
        expect(not flaws, f"{what}: " + "; ".join(flaws[:3]))
        if kind == "application/problem+json":
            expect_equal(body["status"], answer.status, f"{what}: status in the problem")
    elif "contentEncoding" not in schema:
        expect(answer.text, f"{what}: an empty body")


class Client:
    """One connection that stays open, so that thousands of questions are quick."""

    def __init__(self, daemon, token=None):
        self.daemon, self.connection = daemon, None
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method, path, query=(), headers=None, body=None):
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        for attempt in range(2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=30)
                self.connection.request(method, target, body=body, headers={**self.headers, **(headers or {})})
                answer = self.connection.getresponse()
                answer.body = answer.read()
                answer.text = answer.body.decode(errors="replace")
                if answer.headers["Connection"] == "close":
                    self.close()
                return answer
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
                if attempt == 1:
                    raise
        return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def fill(path, names):
    return re.sub(r"{(\w+)}", lambda m: urllib.parse.quote(names[m[1]], safe=""), path)


JOB = {"service": "jobs", "key": "jobs_job", "token": "none", "word": "start"}


def names_for(path, known):
    if path == "/reports/latest/{name}":
        return {"name": "soon.json"}
    return {**JOB, **known}


def fits(description, parameter, value):
    """Whether the schema allows the text."""
    schema = description.resolve(parameter["schema"])
    if schema.get("type") == "integer":
        value = int(value) if re.fullmatch(r"-?\d+", value) else None
    return description.schema(parameter["schema"]).is_valid(value)


def is_tellable(parameter, description):
    """A plain text may be anything to the schema: what it means is tried elsewhere."""
    schema = description.resolve(parameter["schema"])
    return any(key in schema for key in ("enum", "pattern", "anyOf", "minimum", "maximum"))


def is_of_job(operation):
    """Who reports without the token of a job is refused, whatever else it says; soon for a while:
    push.py tries those."""
    return "jobs" in operation["tags"]


def every_parameter(description, client, known):
    asked = 0
    for path, method, parameters, operation in description.operations():
        if method != "get" or is_of_job(operation):
            continue
        target = fill(path, names_for(path, known))
        is_api = path.startswith("/api/")
        required = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and p.get("required")}
        found = client.ask("GET", target, required)
        must_fit(description, found, operation, f"GET {target} {required}")
        normal = {found.status} | ({200, 503} if path == "/api/v1/status" else set())
        expect(normal <= {200, 302, 404, 503}, f"GET {target}: {found.status}")
        must_be_head(client, target, required, normal)
        for parameter in parameters:
            if parameter["in"] != "query" or not is_tellable(parameter, description):
                continue
            for value in POOL:
                asked += 1
                query = {**required, parameter["name"]: value}
                what = f"GET {target} {query}"
                answer = client.ask("GET", target, query)
                if is_api and not fits(description, parameter, value):
                    must_fit(description, answer, operation, what, {400})
                    expect(parameter["name"] in answer.text, f"{what}: {answer.text} does not name it")
                elif parameter["schema"].get("$ref", "").endswith("TimeParameter"):
                    must_fit(description, answer, operation, what, {200, 400, 422})
                else:
                    must_fit(description, answer, operation, what, normal)
    return asked


def must_be_head(client, target, query, statuses):
    head = client.ask("HEAD", target, query)
    expect(head.status in statuses and head.body == b"", f"HEAD {target}: {head.status} {head.body[:50]}")


def what_is_not_there(description, client):
    absent = {"name": "not " + ODD, "instance": "nowhere:1", "check": "nothing", "id": "999999999",
              "series": "999999999"}
    for path, method, parameters, operation in description.operations():
        if not any(p["in"] == "path" for p in parameters) or is_of_job(operation):
            continue
        answer = client.ask(method.upper(), fill(path, absent))
        must_fit(description, answer, operation, f"{method} {path} of nothing", {404})
        page = client.ask(method.upper(), fill(path, absent), headers={"Accept": "text/html"})
        expect_equal(page.headers["Content-Type"].partition(";")[0],
                     "application/problem+json" if path.startswith("/api/") else "text/html",
                     f"{path} of nothing for a browser")


def other_methods(description, client, known):
    for path in description.doc["paths"]:
        allowed = description.methods(path)
        target = fill(path, names_for(path, known))
        for method in sorted({"GET", "POST", "PUT", "DELETE", "PATCH"} - allowed):
            answer = client.ask(method, target)
            operation = next(o for p, _, _, o in description.operations() if p == path)
            must_fit(description, answer, operation, f"{method} {target}", {405})
            said = set(answer.headers["Allow"].split(", ")) - {"HEAD"}
            expect_equal(said, allowed, f"Allow of {method} {target}")


def meanings(description, client, known):
    """What a schema cannot say: 400 all the same."""
    operations = {path: o for path, m, _, o in description.operations() if m == "get"}
    check = "/api/v1/services/{name}/{instance}/{check}"
    now = "9" * 12
    for path, query, statuses in (
            ("/api/v1/samples", {}, {400}),
            ("/api/v1/samples", {"series": "{"}, {400}),
            ("/api/v1/samples", {"series": "99999999"}, {404}),
            ("/api/v1/samples", {"series": 'a{b=~"("}'}, {400}),
            ("/api/v1/samples", {"series": "probe_success", "from": "2000", "to": "1000"}, {400}),
            ("/api/v1/samples", {"series": '{__name__=~".+"}', "from": "1"}, {200, 422}),
            ("/api/v1/samples", {"series": '{__name__=~".+"}', "step": "1h"}, {200}),
            ("/api/v1/samples", {"series": "nothing_such"}, {200}),
            ("/api/v1/series", {"match": "{"}, {400}),
            ("/api/v1/series", {"match": 'probe_success{check="page"}'}, {200}),
            ("/api/v1/groups", {"by": "team"}, {200}),
            ("/api/v1/groups", {"by": "no such label"}, {400}),
            ("/api/v1/events", {"service": ODD}, {200}),
            ("/api/v1/reports", {"name": "soon"}, {200}),
            ("/api/v1/reports", {"name": "x" * 300}, {200}),
            ("/api/v1/reports/summary", {"range": "ever"}, {400}),
            ("/api/v1/reports/summary", {"range": "last week"}, {200}),
            (check, {"from": now}, {400}),
            (check, {"from": "1000"}, {400}),
            ("/metrics", {"collect[]": "loadavg"}, {200}),
            ("/metrics", {"collect[]": "nothing"}, {400}),
            ("/metrics", {"exclude[]": "nothing"}, {200}),
            ("/metrics", {"exclude[]": "cpu", "collect[]": "cpu"}, {400}),
            ("/metrics", {"unknown": "ignored"}, {200})):
        must_fit(description, client.ask("GET", fill(path, known), query), operations[path],
                 f"{path} {query}", statuses)
    open_metrics = client.ask("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
    must_fit(description, open_metrics, operations["/metrics"], "OpenMetrics", {200})
    for form in ("html", "csv", "md", "xlsx", "json"):
        answer = client.ask("GET", "/api/v1/reports/summary", {"format": form, "range": "1h"})
        must_fit(description, answer, operations["/api/v1/reports/summary"], f"summary as {form}", {200})
    for path in ("/style.css", "/script.js", "/favicon.ico"):
        tag = client.ask("GET", path).headers["ETag"]
        must_fit(description, client.ask("GET", path, headers={"If-None-Match": tag}), operations[path],
                 f"{path} again", {304})
    expect_equal(client.ask("GET", "/services/host").status, 302, "the host has a page of its own")
    expect_equal(client.ask("GET", "/api/v1/openapi.yaml").text, FILE.read_text(), "openapi.yaml as served")


def lists_go_on(description, client):
    """Part by part with the cursor is the same as in one; nothing twice, nothing lost."""
    for path, method, parameters, _ in description.operations():
        if not any(p["name"] == "cursor" for p in parameters):
            continue
        name = path.rpartition("/")[2]
        query = {"by": "team"} if name == "groups" else {}
        whole = json.loads(client.ask("GET", path, {**query, "limit": 1000}).text)[name]
        parts, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = json.loads(client.ask("GET", path, {**query, "limit": 2, **more}).text)
            expect(len(answer[name]) <= 2, f"{path}: more than the limit")
            parts += answer[name]
            cursor = answer["next_cursor"]
            if cursor is None or len(parts) > len(whole) + 50:
                break
        def keys(items):
            return [str(i.get("id") or i.get("name") or i.get("rule") or i.get("series") or i.get("value"))
                    for i in items]
        old = keys(whole)[-min(len(whole), 40):] if name == "events" else keys(whole)
        got = keys(parts)[-len(old):] if name == "events" and old else keys(parts)
        expect_equal(got, old, f"{path} in parts")


def tokens_are_asked_for(description, daemon, known):
    nobody, reader = Client(daemon), Client(daemon, READ)
    for path, method, _, operation in description.operations():
        target = fill(path, names_for(path, known))
        security = operation.get("security", description.doc["security"])
        needs = {tuple(s.get("token", ["nothing"])) for s in security}
        answer = nobody.ask(method.upper(), target)
        if is_of_job(operation):
            must_fit(description, answer, operation, f"{method} {path} without a token", {400, 401})
        elif security == [{}]:
            expect(answer.status in (200, 503), f"{method} {path} without a token: {answer.status}")
        else:
            must_fit(description, answer, operation, f"{method} {path} without a token", {401})
            expect_equal(answer.headers["WWW-Authenticate"], "Bearer", f"{path}: what is asked for")
        if ("admin",) in needs:
            must_fit(description, reader.ask(method.upper(), target), operation,
                     f"{method} {path} with a token that only reads", {403})


def changes_of_the_store(description, client):
    """Every parameter of what is asked for by POST, and what it answers; the store is sound after it."""
    paths = {path: item["post"] for path, item in description.doc["paths"].items() if "/admin/" in path}
    expect_equal(len(paths), 3, "changes of the store")
    for path, operation in paths.items():
        for parameter in map(description.resolve, operation["parameters"]):
            for value in POOL:
                if fits(description, parameter, value) and parameter["name"] != "match":
                    continue
                match = {"match": "nothing_such"} if path.endswith("delete-series") else {}
                answer = client.ask("POST", path, {**match, parameter["name"]: value})
                must_fit(description, answer, operation, f"POST {path} {parameter['name']}={value}",
                         {200, 400} if parameter["name"] == "match" else {400})
    def post(name, statuses, body=None, **query):
        path = f"/api/v1/admin/{name}"
        answer = client.ask("POST", path, query, body=body)
        must_fit(description, answer, paths[path], f"POST {path} {query}", statuses)
        return json.loads(answer.text)
    post("delete-series", {400})
    post("delete-series", {422}, match='{__name__=~".+"}')
    post("import", {404}, id="0" * 16)
    post("compact", {404}, id="0" * 16)
    said = post("import", {200}, body="odd_series 1 1700000000\nnonsense\n", last="true")
    expect_equal((said["added"], said["bad"], said["bad_lines"][0]["line"], said["done"]), (1, 1, 2, True),
                 f"an import in one: {said}")
    begun = post("import", {200}, body="odd_series 2 1700000015\n")
    post("compact", {503})
    expect_equal(post("import", {200}, id=begun["id"], last="true")["added"], 1, "in two")
    done, step = False, {}
    while not done:
        said = post("compact", {200}, **step)
        done, step = said["done"], {"id": said["id"]}
    expect_equal(post("delete-series", {200}, match="odd_series"), {"series": 1}, "what is deleted")
    expect_equal(post("delete-series", {200}, match="odd_series", all="true"), {"series": 0}, "again")


def reload_and_status(description, daemon, client):
    reload = description.doc["paths"]["/-/reload"]["post"]
    status = description.doc["paths"]["/api/v1/status"]["get"]
    must_fit(description, client.ask("POST", "/-/reload"), reload, "reload", {200})
    good = daemon.file.read_text()
    daemon.configure("services: 5\n")
    must_fit(description, client.ask("POST", "/-/reload"), reload, "reload of a mistake", {422})
    def refused():
        answer = client.ask("GET", "/api/v1/status")
        must_fit(description, answer, status, "status after a refused reload")
        said = json.loads(answer.text)
        return not said["config_ok"] and "services" in said["config_message"]
    eventually("the status says so", refused)
    daemon.configure(good)
    must_fit(description, client.ask("POST", "/-/reload"), reload, "reload of what was", {200})


def on_a_full_disk(bench):
    """A program that runs the daemon where its store finds no room; None where that needs rights."""
    disk = bench.folder / "disk"
    disk.mkdir()
    wrapper = bench.folder / "on-a-full-disk"
    wrapper.write_text("#!/bin/sh\nexec unshare -m sh -c 'mount -t tmpfs -o size=1m none "
                       f"{disk} && exec \"$0\" \"$@\"' {bench.binary} \"$@\"\n")
    wrapper.chmod(0o755)
    tried = subprocess.run([wrapper, "version"], capture_output=True)
    return (wrapper, disk / "b.db") if tried.returncode == 0 else (None, None)


def without_a_store(description, bench, port):
    """History is a problem then; all else is as ever."""
    wrapper, store = on_a_full_disk(bench)
    if wrapper is None:
        print("no right to mount: answers without a store are not tried")
        return
    daemon = bench.daemon(config([{"name": "web", "checks": [http_check("page", port)]}]), "storeless",
                          store=store)
    binary, bench.binary = bench.binary, wrapper
    daemon.start()
    bench.binary = binary
    client = Client(daemon)
    known = {"name": "web", "instance": f"127.0.0.1:{port}", "check": "page", "id": "1",
             "series": "1"}
    eventually("it is watched", lambda: client.ask("GET", "/api/v1/services/web").status == 200)
    for path, method, parameters, operation in description.operations():
        if method != "get":
            continue
        query = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and p.get("required")}
        answer = client.ask("GET", fill(path, names_for(path, known)), query)
        stored = (operation["tags"][0] in ("history", "reports") and not path.endswith("/days"))
        must_fit(description, answer, operation, f"{path} without a store", {503} if stored else None)
    said = json.loads(client.ask("GET", "/api/v1/status").text)
    expect(not said["store_ok"] and said["store_message"], f"status without a store: {said}")
    daemon.stop()


def an_archived_report(description, client):
    """Waits for the schedule's minute."""
    def look():
        listed = json.loads(client.ask("GET", "/api/v1/reports").text)["reports"]
        return listed and listed[0]
    report = eventually("a report is archived", look, 75, every=0.5)
    paths = description.doc["paths"]
    must_fit(description, client.ask("GET", "/api/v1/reports"), paths["/api/v1/reports"]["get"],
             "the archive", {200})
    for path, target in (("/reports/archive/{id}", report["url"]),
                         ("/reports/latest/{name}", "/reports/latest/soon.json")):
        must_fit(description, client.ask("GET", target), paths[path]["get"], target, {200})


def scenario(bench):
    description = Description(FILE.read_text())
    file_is_sound(description)
    same_routes(bench, description)
    good, fails = bench.targets("good", "fail")
    security = bench.folder / "web.yml"
    security.write_text(json.dumps({"tokens": [
        {"name": "reader", "scope": "read", "token": READ},
        {"name": "boss", "scope": "admin", "token": ADMIN}]}))
    daemon = bench.daemon(config([
        {"name": "web", "labels": {"team": "one"}, "checks": [http_check("page", good)]},
        {"name": "down", "labels": {"team": "two"}, "depends_on": ["web"],
         "checks": [http_check("page", fails), tcp_check("port", good)]},
        {"name": ODD, "checks": [http_check(ODD, good)]}],
        modules={"http_2xx": {"prober": "http"}},
        reports={"archive": {"path": "reports"}, "schedules": [
            {"name": "soon", "type": "summary", "format": "json", "cron": "* * * * *", "range": "1h"}]}),
        args=[f"--web.config.file={security}"])
    daemon.spawn().wait_listening()
    client = Client(daemon, ADMIN)
    eventually("it is ready", lambda: client.ask("GET", "/-/ready").status == 200)
    def full(path, name):
        return json.loads(client.ask("GET", path).text)[name]
    eventually("an alert", lambda: full("/api/v1/alerts", "alerts"), 30)
    trends = eventually("trends", lambda: full("/api/v1/trends", "trends"), 60)
    eventually("resources", lambda: full("/api/v1/services/host", "resources"))
    known = {"name": "down", "instance": f"127.0.0.1:{fails}", "check": "page", "id": "1",
             "series": str(trends[0]["series"])}
    asked = every_parameter(description, client, known)
    expect(asked > 300, f"only {asked} values were tried")
    every_parameter(description, client, {**known, "name": ODD, "instance": f"127.0.0.1:{good}", "check": ODD})
    what_is_not_there(description, client)
    other_methods(description, client, known)
    meanings(description, client, known)
    lists_go_on(description, client)
    tokens_are_asked_for(description, daemon, known)
    changes_of_the_store(description, client)
    reload_and_status(description, daemon, client)
    without_a_store(description, bench, good)
    an_archived_report(description, client)
    client.close()
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
