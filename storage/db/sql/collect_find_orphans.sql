-- collect_find_orphans: which of many blobs have no row at all.
--   $1  text[]  names
--   ->  name text
SELECT stored.name
  FROM unnest($1::text[]) AS stored (name)
 WHERE NOT EXISTS (SELECT FROM blob b WHERE b.name = stored.name)
   AND NOT EXISTS (SELECT FROM blob_garbage g WHERE g.name = stored.name)
