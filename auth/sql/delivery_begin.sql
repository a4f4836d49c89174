-- delivery_begin: the row of a delivery of this file to this account, begun
-- within the last hour from the same address and on the same right, or a new
-- one.
--   $1  bigint  account; 0 for nobody
--   $2  text    the account's name
--   $3  bigint  grant; may be null
--   $4  bigint  agreement; may be null
--   $5  text    reason
--   $6  bigint  repository
--   $7  text    the repository's full name
--   $8  bytea   commit
--   $9  text    path
--   $10 bytea   SHA-256; may be null
--   $11 bigint  size in bytes
--   $12 text    address
--   $13 text    user agent
--   ->  id bigint
WITH again AS (
    SELECT id
      FROM delivery
     WHERE repository = $6 AND account = $1 AND commit_oid = $8 AND path = $9
       AND begun_at > now() - interval '1 hour'
       AND address IS NOT DISTINCT FROM $12
       AND access_grant IS NOT DISTINCT FROM $3
       AND reason = $5
     ORDER BY begun_at DESC
     LIMIT 1
), fresh AS (
    INSERT INTO delivery (account, account_name, access_grant, agreement,
                          reason, repository, repository_name, commit_oid,
                          path, digest, size, address, user_agent)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
     WHERE NOT EXISTS (SELECT FROM again)
    RETURNING id
)
SELECT id FROM again
 UNION ALL
SELECT id FROM fresh
