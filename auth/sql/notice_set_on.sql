-- notice_set_on: an account wants mail about new requests, as all do at first.
--   $1  bigint  account
DELETE FROM notice_off
 WHERE account = $1
