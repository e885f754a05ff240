"""The program ``spicegen`` as ``python -m spicegen``."""

from spicegen.cli.main import main

main()
