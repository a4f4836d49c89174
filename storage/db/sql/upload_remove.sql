-- upload_remove: ends an upload; its parts' rows go with it.
--   $1  bigint  upload
DELETE FROM content_upload
 WHERE id = $1
