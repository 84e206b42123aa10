-- An event's data: left out where it is larger than is stored today.
CASE WHEN octet_length(data::text) <= 32768 THEN data
     WHEN data IS NOT NULL THEN jsonb_build_object('truncated', true) END
