"""The house's limits: .c 500 lines, .h 150, functions 60 lines and 6 parameters; no marks of unfinished work."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
problems = []
for name in subprocess.check_output(["git", "ls-files", "*.c", "*.h"], cwd=ROOT, text=True).split():
    text = (ROOT / name).read_text()
    lines = text.split("\n")
    limit = 150 if name.endswith(".h") else 500
    if len(lines) > limit and not name.startswith("tests/"):
        problems.append(f"{name}: {len(lines)} lines, {limit} at most")
    for number, line in enumerate(lines, 1):
        if MARKS.search(line):
            problems.append(f"{name}:{number}: unfinished work")
    if name.startswith("tests/"):
        continue
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > 60:
                problems.append(f"{name}:{start}: a function of {number - start - 1} lines")
            start = None
print("\n".join(problems))
sys.exit(1 if problems else 0)
