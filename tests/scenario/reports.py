#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports: the summary in every form, and a schedule that writes a workbook by itself. Waits for
the next full minute."""
import csv
import io
import json
import xml.etree.ElementTree
import zipfile

from harness import config, eventually, expect, expect_equal, http_check, run

KINDS = {  # format: the type it is served as
    "html": "text/html",
    "csv": "text/csv",
    "md": "text/markdown",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def texts_of_workbook(data):
    """Every string in it; its parts are well-formed and hold neither formulas nor links."""
    found = set()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        expect_equal(book.testzip(), None, "the zip")
        for name in book.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            root = xml.etree.ElementTree.fromstring(book.read(name))
            for element in root.iter():
                tag = element.tag.rpartition("}")[2]
                expect(not (name.startswith("xl/worksheets") and tag in ("f", "hyperlink")),
                       f"<{tag}> in {name}")
                if tag == "t":
                    found.add(element.text)
    try:
        import openpyxl
    except ImportError:
        return found
    book = openpyxl.load_workbook(io.BytesIO(data))
    seen = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    expect("web" in seen, "openpyxl does not see the service")
    return found | {s for s in seen if isinstance(s, str)}


def summary_has_all_forms(daemon):
    for form, kind in KINDS.items():
        answer = daemon.get(f"/api/v1/reports/summary?format={form}&range=1h", timeout=30)
        expect_equal(answer.status, 200, f"summary as {form}: {answer.body[:200]}")
        expect(answer.headers["Content-Type"].startswith(kind), answer.headers["Content-Type"])
        if form == "xlsx":
                    continue
        expect("web" in answer.text, f"the service is not in the summary as {form}")
        if form == "json":
            json.loads(answer.text, parse_constant=lambda c: expect(False, f"{c} in JSON"))
        elif form == "csv":
            rows = list(csv.reader(io.StringIO(answer.text, newline="")))
            expect(len(rows) > 3 and "\r\n" in answer.text, "not CSV")
            expect(not any(cell.startswith(("=", "@")) for row in rows for cell in row),
                   "a formula in CSV")
        elif form == "html":
            expect("<script>alert" not in answer.text, "markup of a name came through")
    for bad in ("format=doc", "range=yesterweek"):
        answer = daemon.get(f"/api/v1/reports/summary?{bad}")
        expect_equal(answer.status, 400, f"summary with {bad}")
    expect_equal(daemon.get("/api/v1/reports/nothing").status, 404, "an unknown report")


def schedule_writes_a_workbook(daemon):
    expect_equal(daemon.get("/reports/latest/yearly.xlsx").status, 404, "before the first")
    # One that was made in the first second of our life may know no service yet.
    answer = eventually("the scheduled workbook tells of the service", lambda: (
        a := daemon.get("/reports/latest/minutely.xlsx")).status == 200
        and "web" in texts_of_workbook(a.body) and a, 75, every=0.5)
    expect(answer.headers["Content-Type"].startswith(KINDS["xlsx"]), "Content-Type")
    expect("minutely" in (answer.headers["Content-Disposition"] or ""), "Content-Disposition")
    for path in ("/reports/latest/nothing.xlsx", "/reports/latest/..%2f..%2fbellwether.db",
                 "/reports/latest/minutely.csv"):
        status = daemon.get(path).status
        expect(400 <= status < 500, f"GET {path}: {status}")
    names = [e["cause"] for e in daemon.events(kind="system") if e["name"] == "report made"]
    expect(names and names[0].startswith("minutely-"), f"events: {names}")


def scenario(bench):
    good, failing = bench.targets("good", "fail")
    daemon = bench.daemon(config(
        [{"name": "web", "checks": [http_check("page", good), http_check("bad", failing)]},
         {"name": '=cmd|"/c calc"!A1', "checks": [http_check("<script>alert(1)</script>", good)]}],
        reports={"schedules": [{"name": "minutely", "type": "summary", "format": "xlsx",
                                "cron": "* * * * *", "range": "1h"},
                               {"name": "yearly", "type": "summary", "format": "xlsx",
                                "cron": "0 0 1 1 *", "range": "1h"}]})).start()
    eventually("statuses are known", lambda: (
        (m := daemon.metrics()).check_status("web", "page") == "HEALTHY"
        and m.check_status("web", "bad") == "UNHEALTHY"))
    eventually("events are stored", lambda: daemon.events("web"))
    summary_has_all_forms(daemon)
    schedule_writes_a_workbook(daemon)
    done = bench.bellwether("report", "summary", "--format=md", "--range=1h",
                            f"--storage.path={daemon.store}")
    expect(done.returncode == 0 and "web" in done.stdout, f"bellwether report: {done.stderr}")
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
