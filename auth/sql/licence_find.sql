-- licence_find: a text by its digest.
--   $1  bytea  SHA-256
--   ->  text bytea, label text, version text, language text
SELECT text, label, version, language
  FROM licence
 WHERE digest = $1
