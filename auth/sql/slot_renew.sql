-- slot_renew: a daemon lives, and so do its uploads.
--   $1  text    daemon
--   $2  bigint  milliseconds that the lease holds
UPDATE upload_slot
   SET leased_until = now() + $2::bigint * interval '1 millisecond'
 WHERE daemon = $1
