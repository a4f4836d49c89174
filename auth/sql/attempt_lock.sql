-- attempt_lock: until the transaction's end, nobody else counts these keys.
--   $1  text  kind
--   $2  text  the account's key; null for none
--   $3  text  the address's key; null for none
SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || k, 0))
  FROM unnest(ARRAY[$2, $3]) AS k
 WHERE k IS NOT NULL
