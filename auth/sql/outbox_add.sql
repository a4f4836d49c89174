-- outbox_add: a mail to send, unless one like it is there.
--   $1  text  recipient
--   $2  text  subject
--   $3  text  body
--   $4  text  what makes it one of its kind; null for nothing
INSERT INTO outbox (kind, recipient, subject, body, dedupe)
VALUES ('mail', $1, $2, $3, $4)
ON CONFLICT (dedupe) DO NOTHING
