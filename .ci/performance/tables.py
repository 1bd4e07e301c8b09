"""Medians of several runs, their ratios, and the tables of docs/performance.md, in exactly the form they have there."""
import statistics

# What Proprio aims at: the rate of the phase, of the bare server's on the same database.
AIMS = {
    "create_users": 0.70, "read_user": 0.80, "lookup_username": 0.80, "lookup_external": 0.80,
    "list_first": 0.75, "list_deep": 0.75, "patch_": 0.70, "put_user": 0.70, "sync_cycle": 0.75, "mix": 0.75,
    "member_add": 0.70, "member_remove": 0.70, "group_member_add": 0.70, "group_member_remove": 0.70,
}
LARGE_AIM = 0.9  # of its own rate with fewer users
FLAT_AIM = 1.3   # p50 of one member added or removed, of that with an empty group

FIGURES = ["per_s", "p50_ms", "p99_ms", "server_cpu_ms_per_op"]


def aim(phase):
    return next((AIMS[a] for a in sorted(AIMS, key=len, reverse=True) if phase.startswith(a)), None)


def medians(reports):
    """Of several reports of scimload: by phase, the median of each figure, the rates, and the sum of what went wrong."""
    phases = {}
    for report in reports:
        for p in report["phases"]:
            phases.setdefault(p["phase"], []).append(p)
    out = {}
    for name, runs in phases.items():
        out[name] = {f: statistics.median(r.get(f, 0) for r in runs) for f in FIGURES}
        out[name].update(rates=[r["per_s"] for r in runs], errors=sum(r["errors"] for r in runs), wrong=sum(r["wrong"] for r in runs),
                         samples=[s for r in runs for s in (r.get("samples") or {}).values()])
    return out


def ratio(a, b):
    return a / b if b else 0.0


def compared(ours, other, aim_of):
    """By phase: both sides' figures, ratio, aim (or None), and whether it is met."""
    rows = []
    for phase in ours:
        if phase in other:
            r, want = ratio(ours[phase]["per_s"], other[phase]["per_s"]), aim_of(phase)
            spread = [ratio(a, b) for a, b in zip(ours[phase]["rates"], other[phase]["rates"])]
            rows.append({"phase": phase, "other": other[phase], "ours": ours[phase], "ratio": r, "least": min(spread), "most": max(spread),
                         "cpu": ratio(ours[phase]["server_cpu_ms_per_op"], other[phase]["server_cpu_ms_per_op"]),
                         "aim": want, "met": None if want is None else round(r, 2) >= want})
    return rows


def comparison_table(rows, other, ours):
    lines = ["| phase | %s /s | %s /s | ratio (least – most) | aim | %s p50/p99 ms | %s p50/p99 ms | %s CPU ms | %s CPU ms | CPU ratio |" % ((other, ours) * 3),
             "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |"]
    for r in rows:
        a, b = r["other"], r["ours"]
        want = "" if r["aim"] is None else "%.2f %s" % (r["aim"], "met" if r["met"] else "**missed**")
        lines.append("| %s | %s | %s | %.2f (%.2f – %.2f) | %s | %s/%s | %s/%s | %.3f | %.3f | %.1f |" % (
            r["phase"], rate(a["per_s"]), rate(b["per_s"]), r["ratio"], r["least"], r["most"], want, short(a["p50_ms"]), short(a["p99_ms"]),
            short(b["p50_ms"]), short(b["p99_ms"]), a["server_cpu_ms_per_op"], b["server_cpu_ms_per_op"], r["cpu"]))
    return "\n".join(lines)


def flat_table(named):
    """One member added and removed, by the size of the group; named are pairs of a server's name and its medians."""
    sizes = sorted({int(p.split("@")[1]) for _, m in named for p in m if p.startswith("group_member_add@")})
    if len(sizes) < 2:
        return ""
    lines = ["| p50 ms, one connection | " + " | ".join("group of %s" % whole(s) for s in sizes) + " | largest of empty | aim |",
             "| --- |" + " --: |" * (len(sizes) + 2)]
    for name, m in named:
        for phase in ("group_member_add", "group_member_remove"):
            p50 = [m["%s@%d" % (phase, s)]["p50_ms"] for s in sizes]
            worst = max(ratio(p, p50[0]) for p in p50)
            lines.append("| %s, %s | %s | %.2f | %s |" % (name, phase, " | ".join(short(p) for p in p50), worst,
                         "%.1f %s" % (FLAT_AIM, "met" if round(worst, 2) <= FLAT_AIM else "**missed**")))
    return "\n".join(lines)


def faults(named):
    """A line for each phase of a server that had an error; no line is what must be."""
    return ["%s, %s: %d errors, %d of them wrong answers: %s" % (name, phase, f["errors"], f["wrong"], "; ".join(f["samples"][:2]))
            for name, m in named for phase, f in m.items() if f["errors"]]


def rate(f):
    """Three digits, or the whole number, in groups of three."""
    return whole(f) if f >= 100 else "%.3g" % f


def whole(f):
    return "{:,}".format(round(f)).replace(",", " ")


def short(f):
    return "%.0f" % f if f >= 100 else "%.3g" % f
