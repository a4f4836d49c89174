-- collect_content: removes locked objects that still no repository has.
--   $1  bytea[]  digests
DELETE FROM content c
 WHERE digest = ANY ($1::bytea[])
   AND NOT EXISTS (SELECT
                     FROM repository_content r
                    WHERE r.digest = c.digest)
