-- agreement_find_receipt: the receipt of an account's newest agreement.
--   $1  bigint  repository
--   $2  bigint  account
--   ->  receipt bytea
SELECT receipt
  FROM agreement
 WHERE repository = $1
   AND account = $2
 ORDER BY id DESC
 LIMIT 1
