-- collect_blobs: of a slice of all blobs those that neither an object nor a
-- part refers to become garbage.  A blob is never given to a second object, so
-- none comes back.
--   $1  text  the name before the slice; empty: from the start
--   $2  text  its last name
WITH unused AS (
    SELECT name
      FROM blob b
     WHERE name > $1
       AND name <= $2
       -- Each is looked up by itself, by the other tables' own collation:
       -- an index has no other.
       AND NOT EXISTS (SELECT FROM content c
                        WHERE c.blob = b.name COLLATE "default" OFFSET 0)
       AND NOT EXISTS (SELECT FROM content_part p
                        WHERE p.blob = b.name COLLATE "default" OFFSET 0)
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
