-- repository_move: gives a repository another owner and name.
--   $1  bigint  id
--   $2  bigint  the account that owns it from now on
--   $3  text    name
UPDATE repository
   SET namespace = $2,
       name = $3,
       updated_at = now()
 WHERE id = $1
