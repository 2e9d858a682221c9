#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gRPC checks against python3-grpcio's server, in the clear and over TLS: the same modules and
targets through blackbox_exporter, where it is installed, with the same verdict, the same families
and the same values; and a server that does not know a service makes the check UNKNOWN, not
UNHEALTHY."""
import json
import subprocess
import urllib.request
from concurrent import futures

from harness import (Metrics, Peer, Skip, config, eventually, expect, expect_equal, free_port,
                     need_program, run)

try:
    import grpc
except ImportError:
    grpc = None

# Ours beside theirs, and theirs of which we have none for a call in the clear.
OURS = {"probe_failure_info", "probe_timeout_seconds", "probe_ssl_last_chain_info",
        "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_tls_cipher_info"}
THEIRS_ALWAYS = {"probe_ssl_earliest_cert_expiry"}
EQUAL = ("probe_success", "probe_grpc_ssl", "probe_grpc_status_code", "probe_ip_protocol",
         "probe_ip_addr_hash")
SERVINGS = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")

# service: (what the server answers, reason, status of the check)
ANSWERS = {
    "": (b"\x08\x01", None, "HEALTHY"),
    "shop.Cart": (b"\x08\x01", None, "HEALTHY"),
    "down": (b"\x08\x02", "not_serving", "UNHEALTHY"),
    "strange": (b"\x08\x03", "service_unknown", "UNKNOWN"),
    "mute": (b"", "service_unknown", "UNKNOWN"),
    "garbage": (b"\xff\xff", "grpc_protocol", "UNHEALTHY"),
    "missing": ("NOT_FOUND", "service_unknown", "UNKNOWN"),
    "unimplemented": ("UNIMPLEMENTED", "grpc_status", "UNHEALTHY"),
    "denied": ("PERMISSION_DENIED", "grpc_status", "UNHEALTHY"),
    "broken": ("INTERNAL", "grpc_status", "UNHEALTHY"),
}


def name_of(request):
    return request[2:].decode()


def check(request, context):
    answer = ANSWERS[name_of(request)][0]
    if isinstance(answer, str):
        context.abort(grpc.StatusCode[answer], f"50% of {answer} é\n")
    told = context.invocation_metadata()
    left = context.time_remaining()
    if name_of(request) == "shop.Cart":
        if [value for name, value in told if name == "x-tenant"] != ["blue", "green"]:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        if left is None or not 0 < left <= 5:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{left} s are left")
    return answer


def certificate(bench):
    """Ours for 127.0.0.1, signed by itself, and its key."""
    crt, key = bench.folder / "server.pem", bench.folder / "server.key"
    subprocess.run([need_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-keyout", key, "-out", crt, "-days", "30", "-subj", "/CN=grpc",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return crt, key


def serve(crt, key):
    handler = grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)})
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((handler,))
    plain = server.add_insecure_port("127.0.0.1:0")
    secure = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
        [(key.read_bytes(), crt.read_bytes())]))
    server.start()
    return server, plain, secure


def modules(crt):
    def module(service, **more):
        return {"prober": "grpc", "timeout": "3s", "grpc": {
            "service": service, "preferred_ip_protocol": "ip4", **more}}
    ways = {service or "server": module(service) for service in ANSWERS if service != "shop.Cart"}
    ways["tls"] = module("", tls=True, tls_config={"ca_file": str(crt)})
    ways["tls-down"] = module("down", tls=True, tls_config={"insecure_skip_verify": True})
    ways["tls-untrusted"] = module("", tls=True)
    ways["tls-other-name"] = module("", tls=True, tls_config={"ca_file": str(crt),
                                                              "server_name": "other.test"})
    return ways


def theirs(bench, file, targets):
    """What blackbox_exporter finds, by module."""
    port = free_port()
    Peer(bench, "blackbox", [need_program("prometheus-blackbox-exporter"),
                             f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"])
    base = f"http://127.0.0.1:{port}"
    eventually("blackbox_exporter answers", lambda: urllib.request.urlopen(base + "/metrics"))

    def ask(module, target):
        url = f"{base}/probe?module={module}&target={target}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return Metrics(answer.read().decode())
    return {way: ask(way, target) for way, target in targets.items()}


def families(metrics, **labels):
    return {family for (family, have) in metrics.series
            if family.startswith("probe_") and labels.items() <= dict(have).items()}


def compare(found, ours, way):
    refused = way in ("tls-untrusted", "tls-other-name")  # of which we tell more
    for family in EQUAL:
        if not (refused and family == "probe_grpc_ssl"):
            expect_equal(ours.value(family, check=way), found.value(family), f"{family} of {way}")
    other = OURS | THEIRS_ALWAYS | ({"probe_tls_version_info"} if refused else set())
    expect_equal(families(ours, check=way) - other, families(found) - other,
                 f"families of {way}")
    for serving in SERVINGS:
        expect_equal(ours.value("probe_grpc_healthcheck_response", check=way,
                                serving_status=serving),
                     found.value("probe_grpc_healthcheck_response", serving_status=serving),
                     f"{serving} of {way}")
    for phase in ("resolve", "check"):
        expect(ours.value("probe_grpc_duration_seconds", check=way, phase=phase) is not None,
               f"no phase {phase} of {way}")


def compare_all(bench, file, targets, ours):
    try:
        found = theirs(bench, file, targets)
    except Skip:
        print("blackbox_exporter is not installed: nothing to compare with")
        return
    for way, metrics in found.items():
        compare(metrics, ours, way)


def scenario(bench):
    if grpc is None:
        raise Skip("python3-grpcio is not installed")
    crt, key = certificate(bench)
    server, plain, secure = serve(crt, key)
    ways = modules(crt)
    file = bench.folder / "blackbox.yml"
    file.write_text(json.dumps({"modules": ways}))
    targets = {way: f"127.0.0.1:{secure if way.startswith('tls') else plain}" for way in ways}
    targets["refused"] = f"127.0.0.1:{free_port()}"
    ways["refused"] = ways["server"]
    file.write_text(json.dumps({"modules": ways}))
    tenant = {"prober": "grpc", "grpc": {"service": "shop.Cart", "metadata": {"x-tenant": ["blue", "green"]}}}
    checks = [{"name": way, "grpc": target, "module": way, "interval": "1s", "fall": 1}
              for way, target in targets.items()]
    checks.append({"name": "metadata", "grpc": f"127.0.0.1:{plain}", "module": "tenant"})
    whole = config([{"name": "rpc", "checks": checks}], modules={"tenant": tenant})
    whole["module_files"] = [str(file)]
    daemon = bench.daemon(whole).start()

    def complete():
        metrics = daemon.metrics()
        expect_equal([check["name"] for check in checks
                      if metrics.value("probe_success", check=check["name"]) is None],
                     [], "checks without a result")
        return metrics
    ours = eventually("every check has run", complete, seconds=30)
    compare_all(bench, file, targets, ours)
    reasons = {service or "server": reason for service, (_, reason, _) in ANSWERS.items()
               if service != "shop.Cart"}
    reasons |= {"refused": "connect_refused", "tls": None, "tls-down": "not_serving",
                "tls-untrusted": "tls_untrusted", "tls-other-name": "tls_wrong_host",
                "metadata": None}
    for way, reason in reasons.items():
        said = [labels["reason"] for labels, _ in ours.all("probe_failure_info", check=way)]
        expect_equal(said, [reason] if reason else [], f"reason of {way}")

    def statuses():
        metrics = daemon.metrics()
        for service, (_, _, status) in ANSWERS.items():
            if service != "shop.Cart":
                expect_equal(metrics.check_status("rpc", service or "server"), status,
                             f"status of '{service}'")
        return True
    eventually("every check has its status", statuses)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")
    server.stop(None)


run(scenario)
