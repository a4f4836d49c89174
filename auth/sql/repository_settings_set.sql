-- repository_settings_set: what is null stays as it is.
--   $1  bigint   repository
--   $2  boolean  private
--   $3  boolean  discussions are switched off
--   $4  boolean  takes formats that can run code
UPDATE repository
   SET private = COALESCE($2, private),
       discussions_disabled = COALESCE($3, discussions_disabled),
       allow_unsafe = COALESCE($4, allow_unsafe),
       updated_at = now()
 WHERE id = $1
   AND (private IS DISTINCT FROM COALESCE($2, private)
        OR discussions_disabled
           IS DISTINCT FROM COALESCE($3, discussions_disabled)
        OR allow_unsafe IS DISTINCT FROM COALESCE($4, allow_unsafe))
