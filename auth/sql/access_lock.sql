-- access_lock: an account's request for a repository, locked.
--   $1  bigint  repository
--   $2  bigint  account
--   ->  id bigint, public_id text, account bigint, account_name text,
--       status text, round integer
SELECT id, public_id, account, account_name, status, round
  FROM request
 WHERE repository = $1
   AND account = $2
   AND withdrawn_at IS NULL
   FOR UPDATE
