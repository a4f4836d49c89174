-- signing_key_lock: lets one registration of a key go on at a time.
--   $1  bigint  namespace
--   ->  id bigint
SELECT id
  FROM account
 WHERE id = $1
   FOR NO KEY UPDATE
