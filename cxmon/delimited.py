"""How a text with one character between its fields is declared, for all who read one."""

import codecs


def check(delimiter: str, encoding: str) -> None:
    """ValueError, naming the option, where either is nothing that a text can be read with; `tab` is a delimiter."""
    if delimiter != "tab" and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ValueError(f"delimiter: found {delimiter!r}, expected one character such as , ; or a tab")
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(f"encoding: found {encoding!r}, which Python does not know") from None


def between(delimiter: str) -> str:
    """The character itself."""
    return "\t" if delimiter == "tab" else delimiter
