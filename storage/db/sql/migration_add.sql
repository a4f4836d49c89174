-- migration_add: records that a level was reached.
--   $1  integer  level
--   $2  text     name
--   $3  text     SHA-256 of the file, in hexadecimal digits
INSERT INTO migration (level, name, digest)
VALUES ($1, $2, $3)
