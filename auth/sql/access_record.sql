-- access_record: one event in a request's life.
--   $1  bigint  request
--   $2  text    kind
--   $3  bigint  account; null for the registry itself
--   $4  text    the account's name
--   $5  text    reason; may be null
INSERT INTO decision (request, round, kind, account, account_name, reason)
SELECT id, round, $2, $3, $4, $5
  FROM request
 WHERE id = $1
