-- organization_remove_member: a person leaves.
--   $1  bigint  organisation
--   $2  bigint  account
DELETE FROM membership
 WHERE organization = $1
   AND account = $2
