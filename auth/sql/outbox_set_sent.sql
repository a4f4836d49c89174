-- outbox_set_sent: it left; its text, which may hold a link, is dropped.
--   $1  bigint  id
UPDATE outbox
   SET sent_at = now(), body = '', problem = NULL
 WHERE id = $1
