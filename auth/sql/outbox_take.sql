-- outbox_take: the mail that waits longest; nobody else gets it for a while.
--   $1  bigint  how long it is ours, seconds
--   ->  id bigint, recipient text, subject text, body text, dedupe text
UPDATE outbox
   SET attempts = attempts + 1,
       next_at = now() + make_interval(secs => $1::bigint)
 WHERE id = (SELECT id
               FROM outbox
              WHERE kind = 'mail'
                AND sent_at IS NULL
                AND failed_at IS NULL
                AND next_at <= now()
              ORDER BY next_at
              LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING id, recipient, subject, body, dedupe
