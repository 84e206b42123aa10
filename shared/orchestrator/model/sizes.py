"""The most bytes of stored values, as sent: escaped to ASCII, and again by Lambda (`json_encoding.sent_size`).

An answer of Lambda has 6 MB at most. The largest answer is a task as operators read it: payload, result, error, and
two lists (events and children) of `http.serializers.LARGEST_LIST` each.
"""

from __future__ import annotations

#: Any request body of 256 KB fits, unless it has numbers like 1e308 that Postgres writes out.
LARGEST_PAYLOAD = 1_000_000
LARGEST_RESULT = 2_000_000
#: A list shows the progress of each of its tasks.
LARGEST_PROGRESS = 16_384
#: Characters of the text of one stream: 14 bytes each at most.
LONGEST_STREAM = 200_000
#: Characters of the name of a step, a stream, a join or a child's key.
LONGEST_NAME = 150
