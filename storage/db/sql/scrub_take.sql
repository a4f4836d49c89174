-- scrub_take: begins a round that is due, or goes on with one that no living
-- daemon has.
--   $1  text    the daemon that asks
--   $2  bigint  milliseconds between the end of a round and the next
--   $3  bigint  milliseconds that the lease holds
--   ->  last_digest bytea; no row when there is nothing to do
INSERT INTO scrub AS s (daemon, leased_until, began_at)
VALUES ($1, now() + $3::bigint * interval '1 millisecond', now())
ON CONFLICT (id) DO UPDATE
   SET daemon = EXCLUDED.daemon,
       leased_until = EXCLUDED.leased_until,
       began_at = COALESCE(s.began_at, now()),
       objects = CASE WHEN s.began_at IS NOT NULL THEN s.objects ELSE 0 END,
       bytes = CASE WHEN s.began_at IS NOT NULL THEN s.bytes ELSE 0 END,
       damaged = CASE WHEN s.began_at IS NOT NULL THEN s.damaged ELSE 0 END
 WHERE (s.daemon = EXCLUDED.daemon OR s.leased_until IS NULL OR
        s.leased_until < now())
   AND (s.began_at IS NOT NULL OR s.ended_at IS NULL OR
        s.ended_at < now() - $2::bigint * interval '1 millisecond')
RETURNING s.last_digest
