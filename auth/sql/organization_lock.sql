-- organization_lock: lets one change of an organisation's people go on at a
-- time.
--   $1  bigint  organisation
--   ->  id bigint
SELECT id
  FROM account
 WHERE id = $1
   FOR NO KEY UPDATE
