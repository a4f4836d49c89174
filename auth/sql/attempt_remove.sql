-- attempt_remove: forgets an account's tries and the address's last one.
--   $1  text  kind
--   $2  text  the account's key; null for none
--   $3  text  the address's key; null for none
WITH own AS (
    DELETE FROM attempt
     WHERE kind = $1
       AND key = $2
)
DELETE FROM attempt
 WHERE ctid = (SELECT ctid
                 FROM attempt
                WHERE kind = $1
                  AND key = $3
                ORDER BY at DESC
                LIMIT 1)
