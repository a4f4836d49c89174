-- organization_list_members: the people in an organisation, by name.
--   $1  bigint  organisation
--   ->  the columns of account_find, then role text
SELECT a.id, a.public_id, a.kind, a.name, a.fullname, a.email,
       a.email_verified_at IS NOT NULL, a.administrator,
       a.disabled_at IS NOT NULL, a.private_by_default,
       a.avatar IS NOT NULL, a.created_at, m.role
  FROM membership m
  JOIN account a ON a.id = m.account
 WHERE m.organization = $1
 ORDER BY a.name_key
