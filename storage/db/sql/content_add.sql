-- content_add: an object that the store did not have.
--   $1  bytea   digest
--   $2  bigint  size in bytes
--   $3  text    blob
INSERT INTO content (digest, size, blob)
VALUES ($1, $2, $3)
