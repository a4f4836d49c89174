-- organization_set_member: adds a member or changes the role.
--   $1  bigint  organisation
--   $2  bigint  account
--   $3  text    role: admin, write, read
INSERT INTO membership (organization, account, role)
SELECT o.id, a.id, $3
  FROM account o, account a
 WHERE o.id = $1
   AND o.kind = 'organization'
   AND a.id = $2
   AND a.kind = 'user'
ON CONFLICT (organization, account) DO UPDATE SET role = EXCLUDED.role
