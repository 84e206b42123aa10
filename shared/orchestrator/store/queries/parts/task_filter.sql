-- The filter of the operators' list and of a bulk cancel; without an index of its own: each statement that includes it names its index.
AND (%(any_owner)s OR owner_id = %(owner_id)s)
AND (%(status)s::text IS NULL OR status = %(status)s)
AND (%(type)s::text IS NULL OR type = %(type)s)
AND (%(trace)s::text IS NULL OR split_part(traceparent, '-', 2) = %(trace)s)
AND (%(fingerprint)s::text IS NULL OR (error IS NOT NULL AND coalesce(error ->> 'fingerprint', '-') = %(fingerprint)s))
