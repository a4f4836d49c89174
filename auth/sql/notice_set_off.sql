-- notice_set_off: an account wants no mail about new requests.
--   $1  bigint  account
INSERT INTO notice_off (account)
VALUES ($1)
    ON CONFLICT DO NOTHING
