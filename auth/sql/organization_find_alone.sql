-- organization_find_alone: an organisation that only this person administers.
--   $1  bigint  account
--   $2  bigint  organisation; null: any
--   ->  name text
SELECT o.name
  FROM membership m
  JOIN account o ON o.id = m.organization
 WHERE m.account = $1
   AND m.role = 'admin'
   AND ($2::bigint IS NULL OR m.organization = $2)
   AND NOT EXISTS (SELECT 1
                     FROM membership other
                    WHERE other.organization = m.organization
                      AND other.role = 'admin'
                      AND other.account <> m.account)
 LIMIT 1
