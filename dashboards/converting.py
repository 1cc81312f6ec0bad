"""`python -m dashboards.converting svg 6.4`: a chart's specification on stdin, its picture on stdout.

A process of its own: the converter takes a hundred megabytes, which the board would never give back.
"""

import importlib.util
import json
import sys
from typing import Any

from dashboards.commanding import child

LONGEST_S = 40.0


def possible() -> bool:
    """Whether the `pictures` extra is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def converted(spec: dict[str, Any], form: str, version: str) -> bytes:
    """The picture of a Vega-Lite specification; `form` is `svg` or `png`. RuntimeError where it could not be drawn."""
    done = child("dashboards.converting", (form, version), json.dumps(spec).encode(), LONGEST_S)
    if isinstance(done, str) or done.returncode:
        said = f": {done}" if isinstance(done, str) else ""
        raise RuntimeError(f"the chart could not be drawn as {form}{said}")
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
