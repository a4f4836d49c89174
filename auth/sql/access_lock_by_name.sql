-- access_lock_by_name: requests whose public id begins so, locked; two rows
-- when it is not the beginning of one alone.
--   $1  bigint  repository
--   $2  text    a beginning, hexadecimal digits
--   ->  id bigint, public_id text, account bigint, account_name text,
--       status text, round integer
SELECT id, public_id, account, account_name, status, round
  FROM request
 WHERE repository = $1
   AND starts_with(public_id, $2)
   AND account IS NOT NULL
   AND withdrawn_at IS NULL
 LIMIT 2
   FOR UPDATE
