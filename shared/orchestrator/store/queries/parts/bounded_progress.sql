-- A handler's progress: the message alone where the whole is larger than is stored today.
CASE WHEN octet_length(progress::text) <= 16384 THEN progress
     WHEN progress IS NOT NULL THEN jsonb_build_object('message', left(progress ->> 'message', 2000)) END
