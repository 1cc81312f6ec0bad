"""Commands: one file a family, exit codes and `--json` alike everywhere."""

import os
import sys
from enum import IntEnum

from cxmon.errors import ActionError, ConfigError, CxmonError, DeliveryError


class Exit(IntEnum):
    """0 ok, 1 something is in alarm, 2 configuration or usage, 3 source or store, 4 not delivered."""

    OK = 0
    BREACH = 1
    USAGE = 2
    SOURCE = 3
    NOT_DELIVERED = 4


def main() -> None:
    """Entry point of the `cxmon` command: every error of the house is one clear message and its exit code."""
    # Matrices are small here: threads of the linear algebra would only wait for one another, and for those of a second
    # process. It reads this when numpy is first imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from cxmon.cli.app import build

    try:
        build()()
    except (ConfigError, ActionError) as error:
        fail(error, Exit.USAGE)
    except DeliveryError as error:
        fail(error, Exit.NOT_DELIVERED)
    except CxmonError as error:
        fail(error, Exit.SOURCE)
    except BrokenPipeError:
        sys.exit(Exit.OK)


def fail(error: CxmonError, code: Exit) -> None:
    """Print the error for a person and leave with its code."""
    print(error, file=sys.stderr)
    sys.exit(code)
