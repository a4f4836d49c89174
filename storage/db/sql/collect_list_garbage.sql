-- collect_list_garbage: blobs whose grace time is over; none while a
-- backup holds dump_lock, whose key is x'776569676862'.
--   $1  bigint  the grace time in milliseconds
--   $2  bigint  how many at most
--   ->  name text
SELECT name
  FROM blob_garbage
 WHERE dropped_at < now() - $1::bigint * interval '1 millisecond'
   AND NOT EXISTS (SELECT
                     FROM pg_locks
                    WHERE locktype = 'advisory'
                      AND database = (SELECT oid
                                        FROM pg_database
                                       WHERE datname = current_database())
                      AND classid = x'7765'::int::oid
                      AND objid = x'69676862'::int::oid
                      AND objsubid = 1
                      AND granted)
 ORDER BY dropped_at
 LIMIT $2
