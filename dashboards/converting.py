"""`python -m dashboards.converting svg 6.4`: a chart's specification on stdin, its picture on stdout.

A process of its own: the converter takes a hundred megabytes, which the board would never give back.
"""

import importlib.util
import json
import subprocess
import sys
from typing import Any

LONGEST_S = 40.0


def possible() -> bool:
    """Whether the `pictures` extra is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def converted(spec: dict[str, Any], form: str, version: str) -> bytes:
    """The picture of a Vega-Lite specification; `form` is `svg` or `png`. RuntimeError where it could not be drawn."""
    command = [sys.executable, "-m", "dashboards.converting", form, version]
    done = subprocess.run(  # noqa: S603 - our own module; the specification goes over stdin.
        command, input=json.dumps(spec).encode(), capture_output=True, timeout=LONGEST_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the chart could not be drawn as {form}")
    return done.stdout


def main(form: str, version: str) -> None:
    import vl_convert  # noqa: PLC0415 - only in the process that draws.

    spec = json.load(sys.stdin)
    if form == "svg":
        sys.stdout.buffer.write(vl_convert.vegalite_to_svg(spec, vl_version=version).encode())
    else:
        sys.stdout.buffer.write(vl_convert.vegalite_to_png(spec, scale=2, vl_version=version))


if __name__ == "__main__":
    main(*sys.argv[1:])
