"""What `/cxmon` says beside its answers: help, and how to ask better."""

from collections.abc import Sequence


def help_lines(command: str, examples: Sequence[str], metrics: str) -> Sequence[str]:
    """How to ask; `examples` are questions that have an answer here."""
    return [
        f"{command} alone says how things stand.",
        *(f"{command} {example}" for example in examples),
        f"A metric by its name, then its segment as dimension=value, or the value alone. There are: {metrics}.",
        f"{command} declare opens the form by which a change is declared or proposed.",
        f"{command} help is this. In a terminal `cxmon ask` answers the same questions with the same figures.",
    ]


def more(command: str) -> str:
    return f"{command} help says what can be asked."


def state(as_of: str) -> str:
    return f"As of {as_of}"


def no_metric() -> str:
    return "none yet"
