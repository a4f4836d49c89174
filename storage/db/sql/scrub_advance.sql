-- scrub_advance: notes how far a round is, and holds on to it.
--   $1  text    the daemon whose round it is
--   $2  bytea   digest of the object judged last; null: none since the last call
--   $3  bigint  objects judged since
--   $4  bigint  bytes read since
--   $5  bigint  objects found damaged since
--   $6  bigint  milliseconds that the lease holds
--   ->  daemon text; no row when another daemon has the round by now
UPDATE scrub
   SET last_digest = COALESCE($2, last_digest),
       objects = objects + $3,
       bytes = bytes + $4,
       damaged = damaged + $5,
       leased_until = now() + $6::bigint * interval '1 millisecond'
 WHERE daemon = $1
   AND began_at IS NOT NULL
RETURNING daemon
