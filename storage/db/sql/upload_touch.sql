-- upload_touch: keeps an upload alive.
--   $1  bigint  upload
--   $2  bigint  for how many milliseconds
UPDATE content_upload
   SET expires_at = now() + $2::bigint * interval '1 millisecond'
 WHERE id = $1
