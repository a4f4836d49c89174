-- content_add_blob: from now on the blob exists.
--   $1  text    name
--   $2  bigint  size in bytes
INSERT INTO blob (name, size)
VALUES ($1, $2)
