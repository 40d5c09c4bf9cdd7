"""A call names its file: every function that a room gives to others begins with the stem of the file that defines it."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("core", "protocol", "store", "gossip", "handlers", "server")
FUNCTION = re.compile(r"^(?!static\b)[a-z][\w\s*(]*?\b(\w+)\([^;{}]*[)\]]\n\{", re.M)


def defined(room):
    """Its functions that are not static: {name: file}."""
    return {name: path for path in sorted((ROOT / room).glob("*.c")) for name in FUNCTION.findall(path.read_text())}


if __name__ == "__main__":
    problems = [
        f"{path.relative_to(ROOT)} defines {name}: call it {path.stem}_…"
        for room in ROOMS
        for name, path in defined(room).items()
        if not f"{name}_".startswith(f"{path.stem}_")
    ]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
