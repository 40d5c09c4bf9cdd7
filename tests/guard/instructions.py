#!/usr/bin/env python3
"""The instructions that one send, one receive, one page and one search take on the release build, against those recorded in
instructions.txt: tests/guard/instructions.py [--record]. More than 10 % above is a failure; whoever means it records anew, and says why in the commit."""
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDED = pathlib.Path(__file__).with_suffix(".txt")
SLACK = 1.10
CANNOT_BE_TRIED = 77


def kind_of_machine():
    """Libraries choose their code by what the processor can do."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return platform.machine() + "".join(f"+{feature}" for feature in ("avx2", "bmi2") if re.search(rf"\b{feature}\b", text))


def count():
    """{what: instructions of one}, as one_of_each has them dumped."""
    subprocess.run(["cmake", "--build", ROOT / "build/release", "--target", "one_of_each"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place) / "counted"
        subprocess.run(["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
                        ROOT / "build/release/bin/one_of_each", place], check=True)
        texts = [path.read_text() for path in pathlib.Path(place).glob("counted.*")]
    found = [re.search(r"^desc: Trigger: Client Request: (.+)/(\d+)$.*^totals: (\d+)", text, re.M | re.S) for text in texts]
    return {match[1]: int(match[3]) // int(match[2]) for match in found}


def read(machine):
    rows = [line.rsplit(maxsplit=2) for line in RECORDED.read_text().splitlines() if not line.startswith("#")]
    return {what: int(figure) for what, of, figure in rows if of == machine}


def record(machine, counted):
    """Other machines' figures stay."""
    lines = [line for line in RECORDED.read_text().splitlines() if line.startswith("#") or line.split()[-2] != machine]
    lines += [f"{what:<26}{machine:<18}{figure:>9}" for what, figure in sorted(counted.items())]
    RECORDED.write_text("\n".join(lines) + "\n")


def compare(recorded, counted):
    """Prints all; returns what is too much, or isn't in both."""
    wrong = sorted(set(recorded) ^ set(counted))
    for what in sorted(set(recorded) & set(counted)):
        ratio = counted[what] / recorded[what]
        if ratio > SLACK:
            wrong.append(what)
        told = "TOO MANY" if ratio > SLACK else "fewer: record them" if ratio < 1 / SLACK else ""
        print(f"{what:<26}{recorded[what]:>10}{counted[what]:>10}{ratio:>7.2f}  {told}".rstrip())
    return wrong


if __name__ == "__main__":
    machine = kind_of_machine()
    if sys.argv[1:] == ["--record"]:
        record(machine, count())
        sys.exit()
    recorded = read(machine)
    if not recorded:
        print(f"no instructions are recorded for {machine}: tests/guard/instructions.py --record")
        sys.exit(CANNOT_BE_TRIED)
    wrong = compare(recorded, count())
    if wrong:
        print("more than 10 % over what is recorded, or not in both: " + ", ".join(wrong) +
              "\nIf that is what it has to cost: tests/guard/instructions.py --record")
    sys.exit(1 if wrong else 0)
