"""jansson's packers and parsers give NULL, and its parser lets a NUL through: each is called in one place."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["core", "protocol", "store", "gossip", "handlers", "server"]
OWNERS = [
    (re.compile(r"\bjson_(?:v?pack(?:_ex)?|v?sprintf|stringn?(?:_nocheck)?|string_setn?(?:_nocheck)?|real|copy|deep_copy)\s*\("),
     "protocol/json_build.c"),
    (re.compile(r"\bjson_load\w*\s*\("), "protocol/canonical.c"),
]

problems = []
for room in ROOMS:
    for path in sorted((ROOT / room).glob("*.[ch]")):
        where = str(path.relative_to(ROOT))
        text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment.group().count("\n"), path.read_text(), flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            for call, owner in OWNERS:
                found = call.search(line)
                if found and where != owner:
                    problems.append(f"{where}:{number}: {found.group()}…): only {owner} calls it")
print("\n".join(problems))
sys.exit(1 if problems else 0)
