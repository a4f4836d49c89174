-- outbox_add: a mail to send, unless one like it is there.
--   $1  text  recipient; empty: nobody, the row is done as it is written
--   $2  text  subject
--   $3  text  body
--   $4  text  what makes it one of its kind; null for nothing
INSERT INTO outbox (kind, recipient, subject, body, dedupe, sent_at)
VALUES ('mail', $1, $2, CASE WHEN $1 <> '' THEN $3 ELSE '' END, $4,
        CASE WHEN $1 = '' THEN now() END)
ON CONFLICT (dedupe) DO NOTHING
