-- collect_list_garbage: blobs whose grace time is over.
--   $1  bigint  the grace time in milliseconds
--   $2  bigint  how many at most
--   ->  name text
SELECT name
  FROM blob_garbage
 WHERE dropped_at < now() - $1::bigint * interval '1 millisecond'
 ORDER BY dropped_at
 LIMIT $2
