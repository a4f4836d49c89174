-- grant_find: the grant of a request that was not revoked.
--   $1  bigint  request
--   ->  id bigint, begins_at timestamptz, ends_at timestamptz,
--       is_over boolean
SELECT id, begins_at, ends_at, COALESCE(ends_at <= now(), false)
  FROM access_grant
 WHERE request = $1
   AND revoked_at IS NULL
