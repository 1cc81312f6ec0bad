"""`python -m cxmon` is the same as `cxmon`."""

from cxmon.cli import main

main()
