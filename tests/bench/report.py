# SPDX-License-Identifier: MIT
"""The table, the targets and results.tsv of a run of the bench."""


FILTERED = "filter that is counted"  # of the console: the API reads every row for it


def us(case, name):
    return case[name]["us_total"]


def of_list(cases, active):
    return cases.get(f"list of {active}", {})


def targets(results):
    """(what, wanted, measured, met) for each target that this run has measured. A ratio of speeds is told
    by core time too, which other programs on the machine disturb less."""
    cases, out = results["cases"], []

    def faster(what, wanted, ours, theirs):
        ratio, by_core = ours["rps"] / theirs["rps"], theirs["us_total"] / ours["us_total"]
        out.append((what, f">= {wanted}x", f"{ratio:.2f}x, by core time {by_core:.2f}x", ratio >= wanted))

    def least(what, wanted, value, unit="x"):
        out.append((what, f">= {wanted}{unit}", f"{value:.2f}{unit}", value >= wanted))

    def most(what, wanted, value, unit="x"):
        out.append((what, f"<= {wanted}{unit}", f"{value:.2f}{unit}", value <= wanted))

    get = cases.get("get")
    if get:
        faster("one session, against PHP", 6, get["rollcall"], get["php"])
        faster("one session, against Node", 3, get["rollcall"], get["node"])
        floors = us(get, "/healthz") + us(get, "statement")
        least("one session: core time of both floors / its own", 80, 100 * floors / us(get, "rollcall"), " %")
    for name, case in cases.items():
        if not name.startswith("list of "):
            continue
        active = int(name.split()[-1])
        wanted = 6 if active < 1000 else 30 if active < 100000 else 300
        faster(f"list of {active}, against PHP that counts", wanted, case["rollcall"], case["php, counted"])
        faster(f"list of {active}, against PHP with kept totals", 3, case["rollcall"], case["php, kept totals"])
    for name, case in cases.items():
        if name.startswith("depth "):
            most("page 1: core time against 10,000 rows", 1.3, us(case, "page 1") / us(case, "page 1 of 10,000 rows"))
            for column in case:
                if column.startswith("page ") and column not in ("page 1", "page 1 of 10,000 rows"):
                    most(f"{column}: core time against page 1", 10, us(case, column) / us(case, "page 1"))
                if column.startswith("next of "):
                    most(f"{column}: core time against page 1", 1.3, us(case, column) / us(case, "page 1"))
    for name in ("/authorize", "authorizer of a page"):
        if name in cases:
            faster(f"{name}, against the constant one", 0.6, cases[name]["rollcall"], cases[name]["constant"])
    if "registration" in cases:
        faster("registration, against bb3ddcb", 2.5, cases["registration"]["rollcall"],
               cases["registration"]["bb3ddcb"])
    if "statistics" in cases:
        case = cases["statistics"]
        largest = list(case)[-1]
        most(f"statistics {largest}: core time of the database", 5, case[largest]["us"]["database"] / 1000, " ms")
    if "memory" in results:
        samples = results["memory"]["samples"]
        most(f"largest worker after {results['memory']['requests']} mixed requests", 10,
             samples[-1]["private_kb"] / 1024, " MiB")
        half = samples[len(samples) // 2]["private_kb"]
        most("its growth in the second half", 1.02, samples[-1]["private_kb"] / half)
    if "end" in results:
        end = results["end"]
        most(f"ending {end['alone']['active']} sessions: wall time of each", 90, end["alone"]["us_a_row"], " us")
        most("the largest worker then", 16, end["peak_kb"] / 1024, " MiB")
        most("p99 of another tenant's list meanwhile", 2, end["meanwhile"]["p99_ms"] / end["quiet"]["p99_ms"])
    if "console" in results:
        for name, click in results["console"]["clicks"].items():
            if name != FILTERED:
                most(f"console, {name}: the slowest of {click['times']} clicks", 300, click["most_ms"], " ms")
    return out


PARTS = ("web", "workers", "database", "client")


def row(name, v, first):
    cells = [f"{v['us'][p]:.0f}" if p in v["us"] else "-" for p in PARTS]
    p99 = f"{v['p99_ms']:.1f}" if "p99_ms" in v else "-"
    p50 = f"{v['p50_ms']:.1f}" if "p50_ms" in v else "-"
    return [name, f"{v['rps']:.1f}" if v["rps"] < 100 else f"{v['rps']:.0f}",
            f"{first / v['rps']:.2f}", p50, p99, *cells, f"{v['us_total']:.0f}"]


def aligned(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths)))
                     .rstrip() for r in rows)


def table(results):
    m, text = results["machine"], []
    text.append(f"{m['cores']} cores of {m['processor']}, {m['memory_gib']} GiB, kernel {m['kernel']}; load"
                f" {m['load'][0]:.1f} before, {m['load_at_end'][0]:.1f} after; {results['began']}")
    text.append(f"{results['rows']:,} sessions, buffer pool {results['buffer_pool']}, {results['connections']}"
                f" connections, medians of {results['rounds']} rounds of {results['seconds_each']} s, cases in turn."
                " Client, web server, workers and database share the cores.")
    for name, case in results["cases"].items():
        first = next(iter(case.values()))["rps"]
        head = [name, "req/s", "first/this", "p50 ms", "p99 ms", *(f"{p} us" for p in PARTS), "sum us"]
        text.append(aligned([head] + [row(n, v, first) for n, v in case.items()]))
    if "memory" in results:
        samples = results["memory"]["samples"]
        step = max(1, len(samples) // 10)
        text.append("Largest worker, private KiB after N mixed requests: " + ", ".join(
            f"{s['requests']:,}: {s['private_kb']:,}" for s in samples[::step]))
    if "end" in results:
        e = results["end"]
        for how, one in (("alone", e["alone"]), ("beside lists", e["busy"])):
            cores = ", ".join(f"{k} {v:.1f}" for k, v in one["core_us_a_row"].items())
            text.append(f"Ending {one['active']:,} sessions {how}: {one['seconds']:.1f} s, {one['us_a_row']:.1f} us"
                        f" each (core us: {cores}), {one['revoked']:,} answered, {one['left']} left.")
        text.append(f"Largest worker at its peak: {e['peak_kb']:,} KiB ({e['peak_before_kb']:,} before). p99 of"
                    f" another tenant's list: {e['meanwhile']['p99_ms']:.1f} ms beside, {e['quiet']['p99_ms']:.1f} quiet.")
    if "console" in results:
        c = results["console"]
        text.append(f"Console, ms from a click to the painted rows, tenant of {c['active']:,}: " + ", ".join(
            f"{name}: median {v['median_ms']:.0f}, most {v['most_ms']:.0f}" for name, v in c["clicks"].items()))
    marks = [["target", "wanted", "measured", ""]]
    marks += [[what, wanted, value, "met" if met else "MISSED"] for what, wanted, value, met in targets(results)]
    text.append(aligned(marks))
    return "\n\n".join(text) + "\n"


def tsv(results):
    lines = ["case\tprogram\treq_s\tp50_ms\tp99_ms\tweb_us\tworkers_us\tdatabase_us\tclient_us\tsum_us"]
    for name, case in results["cases"].items():
        for n, v in case.items():
            lines.append("\t".join([name, n, f"{v['rps']:.2f}", f"{v.get('p50_ms', '')}", f"{v.get('p99_ms', '')}",
                                    *(f"{v['us'][p]:.1f}" if p in v["us"] else "" for p in PARTS),
                                    f"{v['us_total']:.1f}"]))
    return "\n".join(lines) + "\n"


def write(results, directory):
    text = table(results)
    (directory / "table.txt").write_text(text)
    (directory / "results.tsv").write_text(tsv(results))
    print("\n" + text)
