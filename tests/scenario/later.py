#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of modules that came after blackbox_exporter 0.23: each row of the table in
docs/compatibility.md is true. 0.23 refuses the key, where it is installed; what is said to be taken
loads, what is said to be refused is refused with its place."""
import json
import pathlib
import re
import shutil
import subprocess

from harness import expect, expect_equal, run

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
HEADING = "## Keys of later versions\n"


def module(kind, **options):
    return {"prober": kind, kind: options}


def oauth2(**more):
    return module("http", oauth2={"client_id": "a", "client_secret": "b",
                                  "token_url": "http://127.0.0.1/", **more})


def step(**more):
    return module("tcp", query_response=[{"expect": "^220 (.*)$", **more}])


def pins(kind, key):
    return module(kind, **{key: ["C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M="]})


# By the words in backticks of a row's first column: a module for each key in it.
MODULES = {
    "http body_file": [module("http", body_file="a-file")],
    "http http_headers values secrets files": [
        module("http", http_headers={"A": {"values": ["b"], "secrets": ["c"], "files": ["a-file"]}})],
    "http basic_auth username_file": [
        module("http", basic_auth={"username_file": "a-file", "password": "b"})],
    "http no_proxy proxy_from_environment": [
        module("http", proxy_url="http://127.0.0.1:1", no_proxy="a.example"),
        module("http", proxy_from_environment=True)],
    "http source_ip_address": [module("http", source_ip_address="127.0.0.1")],
    "http fail_if_body_json_matches_cel fail_if_body_json_not_matches_cel": [
        module("http", fail_if_body_json_matches_cel="body.a == 1"),
        module("http", fail_if_body_json_not_matches_cel="body.a == 1")],
    "http enable_http3": [module("http", enable_http3=True, enable_http2=False)],
    "http oauth2 grant_type signature_algorithm": [oauth2(grant_type="a"),
                                                   oauth2(signature_algorithm="RS256")],
    "tls_config ca cert key": [module("tcp", tls=True, tls_config={key: "a"})
                               for key in ("ca", "cert", "key")],
    "username_ref password_ref credentials_ref client_secret_ref": [
        module("http", basic_auth={"username_ref": "a", "password": "b"}),
        module("http", basic_auth={"username": "a", "password_ref": "b"}),
        module("http", authorization={"credentials_ref": "a"}), oauth2(client_secret_ref="a")],
    "tcp query_response labels": [step(labels=[{"name": "software", "value": "${1}"}])],
    "tcp query_response expect_bytes": [module("tcp", query_response=[{"expect_bytes": "220"}])],
    "tcp grpc http check_revoked": [module(kind, check_revoked=True)
                                    for kind in ("tcp", "grpc", "http")],
    "tcp valid_tls_alert_codes": [module("tcp", tls=True, valid_tls_alert_codes=[116])],
    "http tcp pinned_public_key_hashes spki_pins": [
        pins("http", "pinned_public_key_hashes"), pins("http", "spki_pins"),
        pins("tcp", "pinned_public_key_hashes")],
    "dns edns0_udp_size": [module("dns", query_name="a.example", edns0_udp_size=1232)],
    "grpc metadata": [module("grpc", metadata={"a": "b"}),
                      module("grpc", metadata={"a": ["b", "c"]})],
    "prober: unix": [module("unix", query_response=[{"send": "PING"}])],
    "prober: websocket": [module("websocket")],
    "websocket http_config": [module("websocket", http_config={"basic_auth": {
        "username": "a", "password": "b"}})],
    "ip_filter": [{"prober": "http", "ip_filter": {"default": "allow"}}],
}


def rows():
    """{words of the key: whether it is taken}, in the table's order."""
    section = DOCUMENT.read_text().split(HEADING)[1].split("\n## ")[0]
    found = {}
    for key, told in re.findall(r"^\| (.*?`.*?) \| (.*?) \|$", section, re.M):
        words = re.findall(r"`(.+?)`", key)
        expect(re.match(r"(taken|refused)\b", told), f"'{told}' is neither taken nor refused")
        found[" ".join(words)] = told.startswith("taken")
    return found


def written(bench, name, modules):
    """A module file; each module is a line."""
    file = bench.folder / name
    file.write_text("modules:\n" + "".join(
        f"  m{number}: {json.dumps(one)}\n" for number, one in enumerate(modules)))
    whole = bench.folder / f"whole-{name}"
    whole.write_text(json.dumps({"module_files": [str(file)]}))
    return file, bench.bellwether("check", whole)


def scenario(bench):
    (bench.folder / "a-file").write_text("a-word\n")
    table = rows()
    expect_equal(sorted(table), sorted(MODULES), "rows of the document")
    taken = [one for words, ones in MODULES.items() if table[words] for one in ones]
    refused = [one for words, ones in MODULES.items() if not table[words] for one in ones]
    _, said = written(bench, "taken.yml", taken)
    expect_equal((said.returncode, said.stderr), (0, ""), "what is taken")
    file, said = written(bench, "refused.yml", refused)
    expect_equal(said.returncode, 1, "exit code for what is refused")
    for number, one in enumerate(refused):
        expect(f"{file}:{number + 2}:" in said.stderr, f"{one} is taken; say so in {DOCUMENT.name}")
    exporter = shutil.which("prometheus-blackbox-exporter")
    for number, one in enumerate(taken + refused if exporter else []):
        (bench.folder / "one.yml").write_text(json.dumps({"modules": {"m": one}}))
        theirs = subprocess.run([exporter, "--config.check", "--config.file=one.yml"],
                                cwd=bench.folder, capture_output=True, text=True, timeout=60)
        expect(theirs.returncode != 0, f"0.23 knows {one}")


run(scenario)
