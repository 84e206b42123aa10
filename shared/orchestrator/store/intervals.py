"""The times after which the sweeper checks a task. Statements write each as `{name}`."""

from __future__ import annotations

from collections.abc import Mapping

INTERVALS: Mapping[str, str] = {
    # A due task's message is expected to have been received by then; each resend doubles it, up to 64 minutes.
    "message_lost_after": "interval '2 minutes'",
    # A dead letter's message is expected to be in the dead-letter queue by then.
    "dead_letter_unsent_after": "interval '30 seconds'",
    # Seconds: the longest SQS hides a message. A task that is due later is woken by the sweeper when it is due.
    "longest_invisibility": "43200",
    # The longest SQS delays a message. The sweeper sends that of a later task when it is due.
    "longest_delay": "interval '15 minutes'",
    # A task that may start under a limit starts by then; another one may after it.
    "grant_void_after": "interval '1 minute'",
    # Seconds: a limit that a refusal has closed is whole again so long after it opens, or sooner.
    "limit_opens_in": "600",
    # One sender at a time has a connection for so long.
    "sender_gone_after": "interval '10 seconds'",
}
