-- account_count: what a namespace shows to everybody.
--   $1  bigint  account
--   ->  models bigint, datasets bigint, spaces bigint, members bigint
SELECT count(*) FILTER (WHERE kind = 'model'),
       count(*) FILTER (WHERE kind = 'dataset'),
       count(*) FILTER (WHERE kind = 'space'),
       (SELECT count(*) FROM membership WHERE organization = $1)
  FROM repository
 WHERE namespace = $1
   AND NOT private
