"""Draws how figures grow: SVG, a panel for each way of growing, each line as a multiple of its first point; flat is best."""
import math

WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 260, 48, 44, 150
COLOURS = ["#0b6e99", "#b3541e", "#2e7d32", "#7b1fa2", "#a1660b", "#5a5a5a"]


def panel(left, title, points):
    """`points`: {count: {name: figure}}."""
    counts = sorted(points)
    names = list(points[counts[0]])
    lines = {name: [points[count][name] / points[counts[0]][name] for count in counts] for name in names}
    top = max(4.0, *(max(line) for line in lines.values()))
    low = min(0.5, *(min(line) for line in lines.values()))

    def x(index):
        return left + WIDTH * index / max(1, len(counts) - 1)

    def y(times):
        return TOP + HEIGHT * (1 - math.log(times / low) / math.log(top / low))
    out = [f'<text x="{left}" y="{TOP - 20}" font-weight="bold">{title}</text>',
           f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for times in (0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1000):
        if low <= times <= top:
            out.append(f'<path d="M{left} {y(times):.1f}h{WIDTH}" stroke="{"#666" if times == 1 else "#ddd"}"/>'
                       f'<text x="{left - 6}" y="{y(times) + 4:.1f}" text-anchor="end">×{times:g}</text>')
    out += [f'<text x="{x(i):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{count:,}</text>' for i, count in enumerate(counts)]
    labels = []
    for (name, line), colour in zip(lines.items(), COLOURS):
        path = " ".join(f"{x(i):.1f},{y(times):.1f}" for i, times in enumerate(line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        labels.append((y(line[-1]), name, line[-1], colour))
    at = 0.0
    for height, name, times, colour in sorted(labels):
        at = max(height + 4, at + 14)
        many = f"{times:,.0f}" if times >= 10 else f"{times:.2g}"
        out.append(f'<text x="{left + WIDTH + 6}" y="{at:.1f}" fill="{colour}">{name} ×{many}</text>')
    return "\n".join(out)


def draw(panels):
    """`panels`: {title: {count: {name: figure}}}; the document."""
    width = LEFT + len(panels) * (WIDTH + GAP)
    body = "\n".join(panel(LEFT + i * (WIDTH + GAP), title, points) for i, (title, points) in enumerate(panels.items()))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 34}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n')
