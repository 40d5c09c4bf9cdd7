"""The known answers in tests/vectors are those of the protocol, where its folder lies beside the clone."""

import filecmp
import sys
from pathlib import Path

HERE = Path("tests/vectors")
LAW = Path("../shared/vectors")
SKIPPED = 77

if not LAW.is_dir():
    print("the protocol's vectors are not beside this clone, there is nothing to compare with")
    sys.exit(SKIPPED)
differ = [law.name for law in sorted(LAW.iterdir()) if not (HERE / law.name).is_file() or not filecmp.cmp(law, HERE / law.name, shallow=False)]
for name in differ:
    print(f"{HERE / name} is not what {LAW / name} is: copy it, and see which tests fail")
sys.exit(bool(differ))
