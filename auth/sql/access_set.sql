-- access_set: what was decided.
--   $1  bigint  request
--   $2  text    status
--   $3  text    reason; may be null
--   $4  bigint  who decided; null for the registry itself
--   $5  bigint  who granted; null when it was not granted by hand
UPDATE request
   SET status = $2, reason = $3, decided_by = $4, granted_by = $5,
       reviewed_at = CASE WHEN $2 <> 'pending' THEN now() END
 WHERE id = $1
