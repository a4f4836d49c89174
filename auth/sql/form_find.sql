-- form_find: the card of main's newest commit.
--   $1  bigint  repository
--   ->  card json, commit text (hexadecimal)
SELECT card, encode(head, 'hex')
  FROM catalog
 WHERE repository = $1
