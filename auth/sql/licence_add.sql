-- licence_add: keeps a text; one that is there stays as it is.
--   $1  bytea   SHA-256 of the text
--   $2  bytea   text
--   $3  text    label
--   $4  text    version
--   $5  text    language
--   $6  bigint  account; may be null
INSERT INTO licence (digest, text, label, version, language, created_by)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (digest) DO NOTHING
