-- grant_list_over: grants whose end has passed.
--   $1  bigint  how many at most
--   ->  request bigint, repository bigint
SELECT request, repository
  FROM access_grant
 WHERE ends_at <= now()
   AND revoked_at IS NULL
   AND repository IS NOT NULL
   AND account IS NOT NULL
 ORDER BY ends_at
 LIMIT $1
