-- outbox_set_failed: it did not leave; the wait doubles from a minute up to six
-- hours, and after so many tries it is given up.
--   $1  bigint  id
--   $2  text    what went wrong
--   $3  integer  tries in all; 0 gives up at once
UPDATE outbox
   SET problem = $2,
       next_at = now()
           + make_interval(mins => LEAST(360, 1 << LEAST(attempts - 1, 9))),
       failed_at = CASE WHEN attempts >= $3 THEN now() END,
       body = CASE WHEN attempts >= $3 THEN '' ELSE body END
 WHERE id = $1
