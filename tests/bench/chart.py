# SPDX-License-Identifier: MIT
"""The picture of the bench: core time of one page against the active sessions of its tenant."""
import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 46, 56
SERIES = [  # name in the results, words, colour, dashes
    ("php, counted", "PHP, COUNT(*)", "#8250df", "6 4"),
    ("node, counted", "Node, COUNT(*)", "#bf8700", "6 4"),
    ("php, kept totals", "PHP, kept totals", "#8250df", ""),
    ("node, kept totals", "Node, kept totals", "#bf8700", ""),
    ("rollcall", "Rollcall", "#0969da", ""),
]


def words(n, unit=""):
    for size, letter in ((1e6, " M"), (1e3, ",000")):
        if n >= size:
            return f"{n / size:g}{letter}{unit}"
    return f"{n:g}{unit}"


def time_words(us):
    return f"{us / 1e6:g} s" if us >= 1e6 else f"{us / 1e3:g} ms" if us >= 1e3 else f"{us:g} us"


def write(results, path):
    """False when the run has measured fewer than two sizes."""
    lists = {int(n.split()[-1]): c for n, c in results["cases"].items() if n.startswith("list of ")}
    if len(lists) < 2:
        return False
    sizes = sorted(lists)
    lines = {s[0]: [(n, lists[n][s[0]]["us_total"]) for n in sizes if s[0] in lists[n]] for s in SERIES}
    values = [v for points in lines.values() for _, v in points]
    x0, x1 = math.log10(sizes[0]), math.log10(sizes[-1])
    y0, y1 = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    plot_w, plot_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(n):
        return LEFT + (math.log10(n) - x0) / (x1 - x0) * plot_w

    def y(us):
        return TOP + plot_h - (math.log10(us) - y0) / (y1 - y0) * plot_h

    m = results["machine"]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">Core time of one page of 20 with its exact'
        ' total</text>',
        f'<text x="{LEFT}" y="37" fill="#59636e">{results["rows"]:,} sessions; {m["cores"]} cores of'
        f' {m["processor"]}; web server, program, database and client together</text>',
    ]
    for power in range(y0, y1 + 1):
        at = y(10 ** power)
        out.append(f'<line x1="{LEFT}" x2="{LEFT + plot_w}" y1="{at:.1f}" y2="{at:.1f}" stroke="#d1d9e0"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{time_words(10 ** power)}</text>')
    for n in sizes:
        out.append(f'<line x1="{x(n):.1f}" x2="{x(n):.1f}" y1="{TOP}" y2="{TOP + plot_h}" stroke="#eff2f5"/>')
        out.append(f'<text x="{x(n):.1f}" y="{TOP + plot_h + 18}" text-anchor="middle">{words(n)}</text>')
    out.append(f'<text x="{LEFT + plot_w / 2}" y="{HEIGHT - 14}" text-anchor="middle">active sessions of the'
               ' tenant</text>')
    taken = []
    for name, label, colour, dashes in sorted(SERIES, key=lambda s: lines[s[0]][-1][1] if lines[s[0]] else 0):
        points = lines[name]
        if not points:
            continue
        text = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        out.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        out += [f'<circle cx="{x(n):.1f}" cy="{y(v):.1f}" r="3" fill="{colour}"/>' for n, v in points]
        at = y(points[-1][1]) + 4
        while any(abs(at - other) < 15 for other in taken):
            at -= 1
        taken.append(at)
        out.append(f'<text x="{LEFT + plot_w + 10}" y="{at:.1f}" fill="{colour}">{label}, '
                   f'{time_words(float(f"{points[-1][1]:.2g}"))}</text>')
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n</svg>\n")
    return True
