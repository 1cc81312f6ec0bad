"""What went wrong at Slack, as the four things the outbox knows: blocked, unsendable, later, in doubt."""

import socket
from urllib.error import URLError

from cxmon.errors import DeliveryError

# Somebody has to mend the token, the app or the channel; until then the message waits, for ever if need be.
BLOCKED = frozenset({
    "access_denied", "account_inactive", "as_user_not_supported", "cannot_reply_to_message",
    "channel_is_limited_access", "channel_not_found", "ekm_access_denied", "enterprise_is_restricted",
    "invalid_auth", "is_archived", "is_inactive", "method_not_supported_for_channel_type", "missing_scope",
    "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required",
    "restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
    "restricted_action_thread_locked", "restricted_action_thread_only_channel", "team_access_not_granted",
    "team_not_found", "token_expired", "token_revoked", "two_factor_setup_required", "unknown_method",
})  # fmt: skip

# Slack refuses this very message: as plain text once more, then never again.
PAYLOAD = frozenset({
    "attachment_payload_limit_exceeded", "block_mismatch", "invalid_arg_name", "invalid_arguments", "invalid_array_arg",
    "invalid_blocks", "invalid_blocks_format", "invalid_charset", "invalid_form_data", "invalid_json",
    "invalid_metadata_format", "invalid_metadata_schema", "invalid_post_type", "json_not_object",
    "markdown_text_conflict", "metadata_too_large", "msg_blocks_too_long", "msg_too_long", "no_text",
    "too_many_attachments",
})  # fmt: skip

# Refused before anything was done.
LATER = frozenset({
    "accesslimited", "message_limit_exceeded", "rate_limited", "ratelimited", "service_unavailable",
    "team_added_to_org",
})  # fmt: skip

# What mends the commonest of them, for whoever reads the error.
_MENDS = {
    "account_inactive": "the app needs a new token",
    "channel_not_found": "renamed, deleted, or private without the bot: give its id, and invite the bot",
    "invalid_auth": "the app needs a new token",
    "is_archived": "unarchive the channel, or name another",
    "not_in_channel": "invite the bot to the channel",
    "token_expired": "the app needs a new token",
    "token_revoked": "the app needs a new token",
}

DEFAULT_WAIT_S = 30.0
LONGEST_WAIT_S = 600.0


def error_name(problem: Exception) -> str:
    """Slack's name of an error (`invalid_blocks`), or an empty string where Slack did not give one."""
    from slack_sdk.errors import SlackApiError  # noqa: PLC0415 - `cxmon validate` must not load the SDK.

    if not isinstance(problem, SlackApiError):
        return ""
    data = getattr(problem.response, "data", None)
    name = data.get("error", "") if isinstance(data, dict) else ""
    # Where the answer was no JSON the SDK puts a sentence there.
    return name if isinstance(name, str) and " " not in name else ""


def classify(problem: Exception, *, repeatable: bool) -> DeliveryError:
    """One DeliveryError for whatever came back. `repeatable` calls (reads and edits) are never in doubt: doing them
    again changes nothing."""
    name = error_name(problem)
    status = getattr(getattr(problem, "response", None), "status_code", None)
    if status == 429 or name in LATER:
        return DeliveryError(f"Slack asks to wait ({name or status})", retry_after=retry_after(problem))
    if name in BLOCKED:
        return DeliveryError(f"Slack refuses: {name}{_mended(name, problem)}", permanent=True)
    if name in PAYLOAD:
        return DeliveryError(f"Slack refuses this message: {name}{_details(problem)}", permanent=True, payload=True)
    if _never_left(problem):
        return DeliveryError(f"Slack was not reached: {problem}")
    what = name or (f"status {status}" if status and status != 200 else "") or _words(problem)
    return DeliveryError(f"Slack gave no clear answer: {what}", in_doubt=not repeatable)


def retry_after(problem: Exception) -> float:
    """Seconds from the Retry-After header, between 1 and 600; 30 where it is missing or no number."""
    headers = getattr(getattr(problem, "response", None), "headers", None) or {}
    found = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    try:
        seconds = float(found)  # type: ignore[arg-type]  # None is answered by the TypeError.
    except (TypeError, ValueError):
        return DEFAULT_WAIT_S
    return min(max(seconds, 1.0), LONGEST_WAIT_S) if seconds == seconds else DEFAULT_WAIT_S  # noqa: PLR0124 - NaN.


def _never_left(problem: Exception) -> bool:
    """True where the connection was never made, so that no byte of the message can have arrived."""
    reason = problem.reason if isinstance(problem, URLError) else problem
    return isinstance(reason, (ConnectionRefusedError, socket.gaierror))


def _words(problem: Exception) -> str:
    return (str(problem).splitlines() or [""])[0][:200] or type(problem).__name__


def _mended(name: str, problem: Exception) -> str:
    data = getattr(getattr(problem, "response", None), "data", None)
    needed = data.get("needed") if isinstance(data, dict) else None
    said = f"the bot needs {needed}" if needed else _MENDS.get(name, "")
    return f" ({said})" if said else ""


def _details(problem: Exception) -> str:
    data = getattr(getattr(problem, "response", None), "data", None)
    errors = data.get("errors") if isinstance(data, dict) else None
    return f" ({'; '.join(map(str, errors[:3]))})" if isinstance(errors, list) and errors else ""
