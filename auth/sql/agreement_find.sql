-- agreement_find: an account's newest agreement to a licence for a repository.
--   $1  bigint  repository
--   $2  bigint  account
--   $3  bytea   licence
--   ->  id bigint
SELECT id
  FROM agreement
 WHERE repository = $1
   AND account = $2
   AND licence = $3
 ORDER BY id DESC
 LIMIT 1
