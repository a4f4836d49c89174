-- slot_give: uploads that are over; one that another daemon has by now stays.
--   $1  text      daemon
--   $2  bigint[]  accounts
--   $3  bigint[]  their slots, in the same order
DELETE FROM upload_slot s
 USING unnest($2::bigint[], $3::bigint[]) AS over (account, slot)
 WHERE s.account = over.account
   AND s.slot = over.slot
   AND s.daemon = $1
