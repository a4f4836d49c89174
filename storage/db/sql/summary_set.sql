-- summary_set: what lists show of the new head of main.
--   $1   bigint  the repository
--   $2   bytea   the commit
--   $3   json    the card
--   $4   text[]  tags
--   $5   text    pipeline tag
--   $6   text    library
--   $7   text    licence
--   $8   json    parameters of safetensors files
--   $9   json    what a GGUF header says
--   $10  bigint  bytes of weights
WITH touched AS (
    UPDATE repository
       SET updated_at = now()
     WHERE id = $1
)
INSERT INTO catalog (repository, head, card, tags, pipeline_tag, library_name,
                     license, safetensors, gguf, used_storage)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (repository) DO UPDATE
   SET head = EXCLUDED.head,
       card = EXCLUDED.card,
       tags = EXCLUDED.tags,
       pipeline_tag = EXCLUDED.pipeline_tag,
       library_name = EXCLUDED.library_name,
       license = EXCLUDED.license,
       safetensors = EXCLUDED.safetensors,
       gguf = EXCLUDED.gguf,
       used_storage = EXCLUDED.used_storage,
       updated_at = now()
