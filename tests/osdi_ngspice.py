"""The ngspice of Debian 13 that .ci/osdi_ngspice.sh unpacks beside a Debian whose own loads no compiled Verilog-A."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spicegen" / "ngspice-trixie"
LIBRARIES = FOLDER / "usr/lib/x86_64-linux-gnu"
LIBRARY = LIBRARIES / "libngspice.so.0"
PROGRAM = (str(LIBRARIES / "ld-linux-x86-64.so.2"), "--library-path", str(LIBRARIES), str(FOLDER / "usr/bin/ngspice"))
"""The command of the program: that Debian's own loader, because its C library is newer."""
MISSING = "no ngspice here loads compiled Verilog-A: .ci/osdi_ngspice.sh unpacks one"
