-- access_lock_by_id: a request by its row, locked.
--   $1  bigint  request
--   ->  id bigint, public_id text, account bigint, account_name text,
--       status text, round integer
SELECT id, public_id, account, account_name, status, round
  FROM request
 WHERE id = $1
   AND account IS NOT NULL
   AND withdrawn_at IS NULL
   FOR UPDATE
