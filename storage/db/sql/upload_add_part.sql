-- upload_add_part: a part that arrived, in place of an earlier one.
--   $1  bigint   upload
--   $2  integer  number, from 1
--   $3  text     blob
--   $4  bigint   size in bytes
--   $5  bigint   for how many milliseconds the upload lives on
--   ->  upload bigint; no row when the upload is over
WITH live AS (
    UPDATE content_upload
       SET expires_at = now() + $5::bigint * interval '1 millisecond'
     WHERE id = $1
       AND expires_at > now()
 RETURNING id
)
INSERT INTO content_part (upload, number, blob, size)
SELECT id, $2, $3, $4
  FROM live
    ON CONFLICT (upload, number)
    DO UPDATE SET blob = excluded.blob, size = excluded.size
RETURNING upload
