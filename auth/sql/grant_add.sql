-- grant_add: the right that an accepted request gives, from now on.
--   $1  text         public id
--   $2  bigint       request
--   $3  timestamptz  its end; null for none
--   $4  bigint       who gave it; null for the registry itself
INSERT INTO access_grant (public_id, repository, account, request, ends_at,
                          granted_by)
SELECT $1, repository, account, id, $3, $4
  FROM request
 WHERE id = $2
