-- collect_uploads: ends uploads whose time is over.
--   $1  bigint  how many at most
DELETE FROM content_upload
 WHERE id IN (SELECT id
                FROM content_upload
               WHERE expires_at < now()
               ORDER BY expires_at
               LIMIT $1
                 FOR UPDATE SKIP LOCKED)
