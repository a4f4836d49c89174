-- collect_remove_garbage: their bytes are gone.
--   $1  text[]  names
DELETE FROM blob_garbage
 WHERE name = ANY ($1::text[])
