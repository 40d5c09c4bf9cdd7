"""openapi.yaml and server/routes.c name the same operations, on the same listeners."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
routes = (ROOT / "server/routes.c").read_text()
served = set()
for table in ("local", "peer"):
    body = re.search(rf"static const struct route {table}\[\] = \{{(.*?)\n\}};", routes, re.S).group(1)
    for method, path in re.findall(r'\{"(\w+)",\s*"([^"]+)"', body):
        served.add((table, method.lower(), path))

described = set()
path = method = None
for line in (ROOT / "openapi/openapi.yaml").read_text().split("\n"):
    if match := re.fullmatch(r"  (/\S*):", line):
        path = match.group(1)
    elif match := re.fullmatch(r"    (get|post):", line):
        method = match.group(1)
    elif match := re.fullmatch(r"      tags: \[(.*)\]", line):
        described |= {(tag.strip(), method, path) for tag in match.group(1).split(",")}

for what, missing in (("served but not described", served - described), ("described but not served", described - served)):
    for operation in sorted(missing):
        print(what, *operation)
sys.exit(1 if served != described else 0)
