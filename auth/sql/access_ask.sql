-- access_ask: asks again, or completes a new request.
--   $1  bigint   request
--   $2  text     status
--   $3  json     answers
--   $4  integer  round
UPDATE request
   SET status = $2, answers = $3, round = $4, asked = true, asked_at = now(),
       reviewed_at = NULL, decided_by = NULL, granted_by = NULL, reason = NULL
 WHERE id = $1
