-- collect_blobs: blobs that neither an object nor a part refers to become
-- garbage.  A blob is never given to a second object, so none comes back.
--   $1  bigint  how many at most
WITH unused AS (
    SELECT name
      FROM blob b
     WHERE NOT EXISTS (SELECT FROM content c WHERE c.blob = b.name)
       AND NOT EXISTS (SELECT FROM content_part p WHERE p.blob = b.name)
     LIMIT $1
       FOR UPDATE SKIP LOCKED
), dropped AS (
    DELETE FROM blob b
     USING unused u
     WHERE b.name = u.name
 RETURNING b.name
)
INSERT INTO blob_garbage (name)
SELECT name
  FROM dropped
