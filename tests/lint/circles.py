"""Inside a room, calls run one way between its files, and so do includes between its headers: no circles.

A function that is handed in (a callback, a row of a table that is given to somebody) is no call of its file."""
import re
import sys

from names import ROOMS, ROOT, defined

WORD = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\b([a-z]\w*)\b', re.S)
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)


def circle(graph):
    """One circle as the list of what it goes through; [] when there is none."""
    done = set()

    def follow(node, way):
        if node in way:
            return way[way.index(node):] + [node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            if found := follow(other, way + [node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := follow(node, []))), [])


problems = []
for room in ROOMS:
    owners = {name: path.stem for name, path in defined(room).items()}
    calls = {}
    for path in (ROOT / room).glob("*.c"):
        used = {owners[word] for word in WORD.findall(path.read_text()) if word in owners}
        calls[path.stem] = used - {path.stem}
    headers = {str(path.relative_to(ROOT)): INCLUDE.findall(path.read_text()) for path in (ROOT / room).glob("*.h")}
    for what, graph in (("calls", calls), ("includes", headers)):
        if found := circle(graph):
            problems.append(f"{room}/: a circle of {what}: {' → '.join(found)}")
print("\n".join(problems))
sys.exit(1 if problems else 0)
