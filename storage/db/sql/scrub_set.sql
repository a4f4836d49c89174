-- scrub_set: what was found of an object, unless it has another blob by now.
--   $1  bytea  digest
--   $2  text   blob
--   $3  text   why it is not to be served; null: it is whole
UPDATE content
   SET quarantined_at = CASE WHEN $3::text IS NOT NULL
                             THEN COALESCE(quarantined_at, now())
                        END,
       quarantine_reason = $3
 WHERE digest = $1
   AND blob = $2
