-- content_inspect: an object, whoever has it.  Never for delivery.
--   $1  bytea  digest
--   ->  blob text, size bigint, unsafe boolean
SELECT blob, size, unsafe
  FROM content
 WHERE digest = $1
