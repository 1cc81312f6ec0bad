"""When Zendesk made a survey response: its id is a ULID, which begins with the milliseconds of that (github.com/ulid).

The list goes by this time, which no field says. A response may be made when it is offered, days before its answer.
"""

import re

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(f"(?:.*/)?([0-7][{_DIGITS}]{{9}})[{_DIGITS}]{{16}}", re.DOTALL)


def born(name: str) -> int | None:
    """Epoch seconds by a record's id, behind that of its ticket; None where it is another kind of id."""
    found = _ULID.fullmatch(name)
    if found is None:
        return None
    made = 0
    for digit in found[1]:
        made = 32 * made + _DIGITS.index(digit)
    return made // 1000
