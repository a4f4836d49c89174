-- content_inspect: an object, whoever has it.  Never for delivery.
--   $1  bytea  digest
--   ->  blob text, size bigint, unsafe boolean, quarantine_reason text
SELECT blob, size, unsafe, quarantine_reason
  FROM content
 WHERE digest = $1
