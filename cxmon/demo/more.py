"""What else of a demo's story can be asked for: the commands that tell what does not fit on its first screen."""

from cxmon.demo.truth import CHAT_BOT, FEWER_VANS, PICK_UP, SHORT_CALLS, WEEKEND_PHONE

DESK = (
    (f"change show {WEEKEND_PHONE.id}", "what it costs, where, who answered, and why the verdict changed"),
    (f"change show {SHORT_CALLS.id}", "the answer to it: faster, but fewer solved first time"),
    (f"change show {CHAT_BOT.id}", "a total that falls by other kinds of contacts, and who still answers"),
    (
        f"change show {FEWER_VANS.id}",
        "better, until late scans came: what was said before, and why it changed",
    ),
    (f"change show {PICK_UP.id}", "answers slow down and a survey asks otherwise, and nothing turns red by that"),
    ("change plan --scope channel=chat --limit csat=2pt", "before a decision: how long until a harm is seen"),
    ("allowance", "cuts that are each within their limit, and together are not"),
    ("leading", "which early figures ran ahead of churn, per tier"),
    ("maturity csat", "how late answers come, and how they differ from early ones"),
)


def more(name: str) -> tuple[tuple[str, str], ...]:
    """(Arguments of a command, what it tells) of the demo `name`, in the order of the story."""
    return DESK if name == "desk" else ()
