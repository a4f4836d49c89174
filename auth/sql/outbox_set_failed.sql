-- outbox_set_failed: it did not leave.
--   $1  bigint   id
--   $2  text     what went wrong
--   $3  bigint   try again in so many seconds; 0 gives up
UPDATE outbox
   SET problem = $2,
       next_at = now() + make_interval(secs => $3::bigint),
       failed_at = CASE WHEN $3 = 0 THEN now() END,
       body = CASE WHEN $3 = 0 THEN '' ELSE body END
 WHERE id = $1
