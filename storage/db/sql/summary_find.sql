-- summary_find: what lists show of one repository.
--   $1  bigint  the repository
--   ->  head bytea, card json, tags text joined by U+001F, pipeline_tag text,
--       library_name text, license text, safetensors json, gguf json,
--       used_storage bigint, downloads bigint
--       no row while main has no commit
SELECT c.head, c.card, array_to_string(c.tags, E'\x1f'), c.pipeline_tag,
       c.library_name, c.license, c.safetensors, c.gguf, c.used_storage,
       r.downloads
  FROM catalog c
  JOIN repository r ON r.id = c.repository
 WHERE c.repository = $1
