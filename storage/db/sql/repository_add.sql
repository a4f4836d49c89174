-- repository_add: a new repository; a redirect of that name ends.
--   $1  text     public id
--   $2  text     kind
--   $3  bigint   the account that owns it
--   $4  text     name
--   $5  boolean  private
--   $6  bigint   who makes it
--   ->  id bigint
WITH taken_back AS (
    DELETE FROM repository_redirect
     WHERE kind = $2
       AND namespace_key = (SELECT name_key FROM account WHERE id = $3)
       AND name_key = lower($4)
)
INSERT INTO repository (public_id, kind, namespace, name, private, created_by)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id
