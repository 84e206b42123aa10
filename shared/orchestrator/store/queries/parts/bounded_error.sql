-- A stored error: its main fields, cut, where the whole is larger than is stored today.
CASE WHEN octet_length(error::text) <= 16384 THEN error
     WHEN error IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object(
       'kind', left(error ->> 'kind', 100), 'code', left(error ->> 'code', 100), 'type', left(error ->> 'type', 200),
       'message', left(error ->> 'message', 2000), 'place', left(error ->> 'place', 200),
       'fingerprint', left(error ->> 'fingerprint', 200))) END
