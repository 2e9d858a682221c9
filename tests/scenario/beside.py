# SPDX-License-Identifier: GPL-3.0-or-later
"""blackbox_exporter beside us: one module file, unmodified, the same targets, /probe asked of both,
and what differs held against a list that stands in docs/compatibility.md."""
import concurrent.futures
import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

from harness import Metrics, Peer, config, eventually, expect, free_port, need_program

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"

# What later versions of blackbox_exporter have, and 0.23 does not.
LATER_FAMILIES, LATER_LABELS = {"probe_tls_cipher_info"}, {"serialnumber"}

CERTIFICATE = ["probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info",
               "probe_tls_version_info"]
ADDRESS = ["probe_ip_addr_hash", "probe_ip_protocol"]

# Families whose value is the same, too.
EQUAL = ("probe_http_status_code", "probe_http_version", "probe_http_content_length",
         "probe_http_uncompressed_body_length", "probe_http_redirects", "probe_http_ssl",
         "probe_http_last_modified_timestamp_seconds", "probe_failed_due_to_regex",
         "probe_ip_protocol", "probe_ip_addr_hash", "probe_ssl_earliest_cert_expiry",
         "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_icmp_reply_hop_limit",
         "probe_dns_answer_rrs", "probe_dns_query_succeeded")


def start_both(bench, modules):
    """The file of these modules, our daemon, and where blackbox_exporter and it answer."""
    exporter = need_program("prometheus-blackbox-exporter")
    file = bench.folder / "blackbox.yml"
    file.write_text(json.dumps({"modules": modules}))
    daemon = bench.daemon({**config(), "module_files": [str(file)]}).start()
    port = free_port()
    Peer(bench, "blackbox", [exporter, f"--config.file={file}",
                             f"--web.listen-address=127.0.0.1:{port}"])
    theirs, ours = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{daemon.port}"
    eventually("blackbox_exporter answers", lambda: urllib.request.urlopen(theirs + "/metrics"))
    return file, daemon, theirs, ours


def ask(base, module, target, more, headers=None):
    query = urllib.parse.urlencode({"module": module, "target": target, **more})
    request = urllib.request.Request(f"{base}/probe?{query}", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read().decode()


def all_answers(base, cases):
    def one(name):
        return name, ask(base, *cases[name])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return dict(pool.map(one, cases))


def shape(metrics):
    """Families with their labels, but for what came later."""
    return {(family, tuple(sorted((name, value) for name, value in dict(labels).items()
                                  if value and name not in LATER_LABELS)))
            for family, labels in metrics.series if family not in LATER_FAMILIES}


def compare(theirs, ours):
    """What is different, in words; nothing when both say the same."""
    if theirs[0] != 200 or ours[0] != 200:
        return {} if theirs[0] == ours[0] else {"status": (theirs[0], ours[0])}
    a, b = Metrics(theirs[2]), Metrics(ours[2])
    found = {}
    if a.value("probe_success") != b.value("probe_success"):
        found["verdict"] = (a.value("probe_success"), b.value("probe_success"))
    for only, one, other in (("theirs", shape(a), shape(b)), ("ours", shape(b), shape(a))):
        if one - other:
            found[only] = sorted({family for family, _ in one - other})
    for family in EQUAL:
        if a.value(family) is not None and b.value(family) is not None:
            if a.value(family) != b.value(family):
                found[family] = (a.value(family), b.value(family))
    return found


def check(cases, found, got, heading, differences):
    """`differences`: (row of the table under the heading, pattern of cases, what compare() finds)."""
    document = DOCUMENT.read_text().split(heading + "\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \|", document, re.M)
    told = []
    for name in cases:
        want = {}
        for row, cases_of_row, difference in differences:
            expect(row in rows, f"'{row}' does not stand in {DOCUMENT.name}")
            if re.fullmatch(cases_of_row, name):
                want.update(difference)
        difference = compare(found[name], got[name])
        if difference != want:
            told.append(f"{name}: {difference}, listed are {want}")
    expect(not told, "differences that are not listed, or are none:\n" + "\n".join(told))
    for row, cases_of_row, _ in differences:
        expect(any(re.fullmatch(cases_of_row, name) for name in cases), f"no case of '{row}'")
