-- content_inspect: an object, whoever has it.  Never for delivery.
--   $1  bytea  digest
--   ->  blob text, size bigint
SELECT blob, size
  FROM content
 WHERE digest = $1
