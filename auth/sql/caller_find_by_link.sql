-- caller_find_by_link: an account and its token, if both still stand.
--   $1  bigint  the account
--   $2  bigint  the token, or null for none
--   ->  name text, administrator boolean, role text
--       no row when the account is disabled, or the token revoked or expired
SELECT a.name, a.administrator, t.role
  FROM account a
  LEFT JOIN token t
    ON t.id = $2
   AND t.account = a.id
   AND t.revoked_at IS NULL
   AND (t.expires_at IS NULL OR t.expires_at > now())
 WHERE a.id = $1
   AND a.disabled_at IS NULL
   AND ($2::bigint IS NULL OR t.id IS NOT NULL)
