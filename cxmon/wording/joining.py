"""What a check found that a declared change's verdict tells of already, as it stands in the change's story."""

EXPLAINED = "explained"


def seen_too(check: str, metric: str, segment: str) -> str:
    """How the note on it begins: by this it is known again."""
    return f"{EXPLAINED}: the check {check} sees it too: {metric}, {segment}"


def seen_reply(reason: str) -> str:
    """The note as a reply in the change's thread."""
    said = reason.removeprefix(f"{EXPLAINED}: ")
    return f"Part of this story, and no alert of its own: {said}"
