-- content_heal: a quarantined object gets the bytes of a new upload.  The blob
-- it had is nobody's then, and the collector's.
--   $1  bytea   digest
--   $2  text    blob
--   $3  bigint  size in bytes
--   ->  one row affected; none when another upload was first
WITH healed AS (
    UPDATE content
       SET blob = $2, quarantined_at = NULL, quarantine_reason = NULL
     WHERE digest = $1
       AND quarantined_at IS NOT NULL
 RETURNING blob
)
INSERT INTO blob (name, size)
SELECT blob, $3
  FROM healed
