-- attempt_add: counts a try unless a limit is reached.
--   $1  text    kind
--   $2  text    the account's key; null for none
--   $3  text    the address's key; null for none
--   $4  bigint  length of the window, seconds
--   $5  bigint  limit of an account
--   $6  bigint  limit of an address
--   ->  wait bigint: seconds until there is room again; 0 when it was counted
WITH recent AS (
    SELECT key, count(*) AS tries,
           min(at) + make_interval(secs => $4::bigint) - now() AS room_in
      FROM attempt
     WHERE kind = $1
       AND key IN ($2, $3)
       AND at > now() - make_interval(secs => $4::bigint)
     GROUP BY key
), refused AS (
    SELECT max(ceil(extract(epoch FROM room_in))) AS wait
      FROM recent
     WHERE (key = $2 AND tries >= $5)
        OR (key = $3 AND tries >= $6)
), added AS (
    INSERT INTO attempt (kind, key)
    SELECT $1, k
      FROM unnest(ARRAY[$2, $3]) AS k
     WHERE k IS NOT NULL
       AND (SELECT wait FROM refused) IS NULL
)
SELECT COALESCE(wait, 0)::bigint
  FROM refused
