"""The text of a prepared statement is one function's: statements are found by the addresses of their texts, and the linker makes equal
texts of two functions one, in some builds. What two need is a function of its own."""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALL = re.compile(r"\bdatabase_(query|run|integer)\(")
TEXT = {"query": 1, "run": 1, "integer": 2}  # which argument it is
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|.', re.S)


def arguments(source, at):
    """Of the call whose parenthesis was opened there."""
    found, depth = [""], 1
    for token in TOKEN.finditer(source, at):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if depth == 0:
            return found
        if token[0] == "," and depth == 1:
            found.append("")
        else:
            found[-1] += token[0]
    return found


where = collections.defaultdict(list)
for path in sorted((ROOT / "store").glob("*.c")):
    source = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), path.read_text(), flags=re.S)
    for call in CALL.finditer(source):
        given = arguments(source, call.end())
        if len(given) > TEXT[call[1]] and '"' in given[TEXT[call[1]]]:
            text = re.sub(r"\s+", " ", re.sub(r'"\s*"', "", given[TEXT[call[1]]])).strip()
            where[text].append(f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, call.start()) + 1}")
problems = [f"{', '.join(places)}: one text in several places: {text}" for text, places in where.items() if len(places) > 1]
print("\n".join(problems))
sys.exit(1 if problems else 0)
