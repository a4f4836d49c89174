-- ask_count: how many other requests of an account wait for a decision.
--   $1  bigint  account
--   $2  bigint  the request that is not counted
--   ->  bigint
SELECT count(*)
  FROM request
 WHERE account = $1
   AND id <> $2
   AND status = 'pending'
   AND withdrawn_at IS NULL
