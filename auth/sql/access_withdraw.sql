-- access_withdraw: keeps the row, which nothing finds any more.
--   $1  bigint  request
UPDATE request
   SET withdrawn_at = now()
 WHERE id = $1
