"""What the commands share: options, output, and opening plan and store."""

import logging
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cxmon.config.plan import Plan
    from cxmon.store import Store

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="CXMON_CONFIG", help="The YAML file.", show_default=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
WIDTH = 100
DEFAULT_CONFIG = Path("config/cxmon.yaml")


def load_plan(path: Path) -> "Plan":
    """The plan of a configuration; what is printed from here on has its number format."""
    from cxmon.config import load
    from cxmon.model import use

    plan = load(path)
    use(plan.number_format)
    return plan


def written(x: float, spec: str = ",.0f") -> str:
    """A figure in the number format of the configuration, as `cxmon.model.written`."""
    from cxmon.model import written as in_force

    return in_force(x, spec)


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> "Iterator[tuple[Plan, Store]]":
    """The plan of a configuration and its store."""
    from cxmon.store import Store

    plan = load_plan(path)
    with Store.open(plan.store_url, read_only=read_only) as store:
        yield plan, store


def emit(document: Any) -> None:
    """Print any of our values as JSON; what is not known is null."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(document, indent=2, inf_nan_mode="null").decode() + "\n")


def say(text: str = "") -> None:
    """Print a line for a person."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def wrapped(text: str, indent: str) -> None:
    """Print a line for a person, broken where it is too wide."""
    for line in broken(text, indent):
        say(line)


def broken(text: str, indent: str) -> tuple[str, ...]:
    """The lines of a text that is broken where it is too wide."""
    return tuple(textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")) or ("",)


def table(headers: list[str], rows: list[list[str]]) -> None:
    """Columns for a person; without a terminal they are as wide as they need to be."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    shown = Table(*headers, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*[cell.replace("[", r"\[") for cell in row])
    console.print(shown)


@contextmanager
def progress(title: str, *, lines: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr: call it with (what, done, total). Where stderr is no terminal, plain lines in `lines`,
    what is counted (such as days), or nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if lines and not console.is_terminal:
        yield _in_lines(title, lines)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(f"{title} {what}", total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield advance


def _in_lines(title: str, unit: str) -> Callable[[str, int, int], None]:
    """Progress as a line for each tenth of the way."""
    told: dict[str, int] = {}

    def advance(what: str, done: int, total: int) -> None:
        tenth = 10 * done // max(1, total)
        if tenth > told.get(what, -1):
            told[what] = tenth
            print(f"{title} {what}: {written(done)} of {written(total)} {unit}", file=sys.stderr, flush=True)

    return advance


def log_to_stderr(*, verbose: bool) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )


def read_text(file: str) -> str:
    """The text of a file, or of stdin for `-`."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--file") from error
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--file") from error
