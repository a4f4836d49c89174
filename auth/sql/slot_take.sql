-- slot_take: one more upload of an account, unless it has as many as it may.
-- Which free slot it gets is left to chance, so that two daemons that ask at
-- once seldom want the same; who loses asks again.
--   $1  bigint  account
--   $2  text    daemon
--   $3  bigint  how many there may be
--   $4  bigint  milliseconds that the lease holds
--   ->  slot bigint; no row: there is none, or another daemon was faster
WITH live AS MATERIALIZED (
    SELECT slot
      FROM upload_slot
     WHERE account = $1
       AND leased_until > now()
), free AS (
    SELECT number AS slot
      FROM generate_series(1, least($3::bigint,
                                    2 * (SELECT count(*) FROM live) + 16))
           AS number
     WHERE number NOT IN (SELECT slot FROM live)
       AND (SELECT count(*) FROM live) < $3
     ORDER BY random()
     LIMIT 1
)
INSERT INTO upload_slot AS s (account, slot, daemon, leased_until)
SELECT $1, slot, $2, now() + $4::bigint * interval '1 millisecond'
  FROM free
ON CONFLICT (account, slot) DO UPDATE
   SET daemon = EXCLUDED.daemon,
       leased_until = EXCLUDED.leased_until
 WHERE s.leased_until <= now()
RETURNING s.slot
