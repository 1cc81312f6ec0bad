"""run, up, board, demo: everything that stays in the foreground."""

import os
import signal
import subprocess
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxmon.cli.common import DEFAULT_CONFIG, Config, load_plan, log_to_stderr, progress, say

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.service import Service

Port = Annotated[int, typer.Option(help="Port of the board.")]
Address = Annotated[str, typer.Option(help="Address the board listens on; beyond loopback it needs a sign-in.")]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="On this machine without a sign-in: look, and change nothing.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")]


class Demo(StrEnum):
    DESK = "desk"
    FURLOUGH = "furlough"


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: cxmon run -c config/cxmon.yaml")(run)
    app.command(epilog="Example: cxmon up --port 8501")(up)
    app.command(epilog="Example: cxmon board --port 8501")(board)
    app.command(epilog="Example: cxmon demo furlough --no-serve")(demo)


def run(config: Config = DEFAULT_CONFIG, verbose: Verbose = True) -> None:
    """Collect, check, judge and deliver on schedule until stopped."""
    log_to_stderr(verbose=verbose)
    _until_stopped(_service(load_plan(config)), None)


def up(
    config: Config = DEFAULT_CONFIG, port: Port = 8501, address: Address = "127.0.0.1", verbose: Verbose = False
) -> None:
    """The scheduler and the board together."""
    log_to_stderr(verbose=verbose)
    plan = load_plan(config)
    _prepare_store(plan)
    _until_stopped(_service(plan), _start_board(plan, port, address))


def board(
    config: Config = DEFAULT_CONFIG, port: Port = 8501, address: Address = "127.0.0.1", read_only: ReadOnly = False
) -> None:
    """The board alone."""
    plan = load_plan(config)
    process = _start_board(plan, port, address, read_only=read_only)
    raise typer.Exit(_wait(process))


def demo(
    name: Annotated[Demo, typer.Argument(help="Which demo.")] = Demo.DESK,
    folder: Annotated[Path | None, typer.Option(help="Where it is kept; default var/<name>.")] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Stay and serve the board.")] = True,
    port: Port = 8501,
) -> None:
    """A whole world in a minute: a support desk, or New York's flights of 2013, judged."""
    from cxmon.cli.glance import glance
    from cxmon.demo import past, prepare
    from cxmon.service import assess, clock, gather, wall
    from cxmon.store import Store

    log_to_stderr(verbose=False)
    home = folder or Path("var") / name.value
    with progress("build") as advance:
        path = prepare(name.value, home, today=wall().date(), progress=advance)
    plan = load_plan(path)
    say(f"{plan.title}: configuration {path}, store {_shown(plan.store_url)}")
    with Store.open(plan.store_url) as store, progress("collect") as advance:
        now = clock(plan)
        past.declare(plan, store)
        gather(plan, store, now=now, progress=advance)
        past.relive(plan, store, now=now)
        assess(plan, store, now=now, progress=advance)
        past.ask_early(plan, store, now=now)
        say()
        glance(plan, store, now=now)
    _say_more(name, path)
    if not serve or not sys.stdout.isatty():
        return
    say(f"\n  The board: http://127.0.0.1:{port}   (Ctrl-C ends it)")
    _until_stopped(_service(plan), _start_board(plan, port, "127.0.0.1"))


def _say_more(name: Demo, path: Path) -> None:
    """Which commands tell the parts of the story that one screen has no room for."""
    from cxmon.demo.more import more

    asked = more(name.value)
    if not asked:
        return
    width = max(len(command) for command, _ in asked)
    say(f"\n  More of the story, each with `--config {path}`:")
    for command, told in asked:
        say(f"    cxmon {command:{width}}  {told}")


def _service(plan: "Plan") -> "Service":
    from cxmon.service import Service

    return Service(plan)


def _prepare_store(plan: "Plan") -> None:
    """The board opens the store read-only, so somebody has to have made it."""
    from cxmon.store import Store

    with Store.open(plan.store_url):
        pass


def _shown(store_url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(store_url).render_as_string(hide_password=True)


def _start_board(plan: "Plan", port: int, address: str, *, read_only: bool = False) -> "subprocess.Popen[bytes]":
    """The board is a process of its own: it imports no statistics and cannot hold the scheduler up."""
    from cxmon.model import handed_over, is_loopback
    from cxmon.wording.access import NO_OIDC, UNREACHABLE

    if not is_loopback(address) and not plan.access.signs_in:
        raise typer.BadParameter(UNREACHABLE.format(address=address))
    if plan.access.oidc is not None and find_spec("authlib") is None:
        raise typer.BadParameter(NO_OIDC)
    environment = os.environ | {
        "CXMON_STORE_URL": plan.store_url, "CXMON_ACCESS": handed_over(plan.access), "CXMON_CONFIG": str(plan.path),
        "CXMON_BOARD_URL": plan.board_url, "CXMON_BOARD_READ_ONLY": "1" if read_only else "",
    }  # fmt: skip
    command = [sys.executable, "-m", "dashboards", "--port", str(port), "--address", address]
    # Its greeting would stand between our lines; what goes wrong is on stderr.
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module.


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the board; SIGTERM and Ctrl-C end it with us."""

    def end(_signum: int, _frame: object) -> None:
        process.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    code = process.wait()
    return 0 if code == -signal.SIGTERM else code


def _until_stopped(service: "Service", process: "subprocess.Popen[bytes] | None") -> None:
    """Serve until SIGTERM or Ctrl-C; then the board ends with the scheduler."""

    def end(_signum: int, _frame: object) -> None:
        service.stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        service.run()
    finally:
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
