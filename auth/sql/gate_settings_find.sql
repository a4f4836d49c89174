-- gate_settings_find: what a repository's gate asks for; lists are JSON.
--   $1  bigint  repository
--   ->  mode text, quorum integer, licence text (hexadecimal),
--       licence_label text, licence_version text, licence_bytes integer,
--       questions json, form json, grant_days integer,
--       released_at timestamptz, accept_domains json, refuse_domains json,
--       accept_organizations json, refuse_organizations json,
--       reviewers json, org_members_gated boolean, notifications_mode text,
--       notifications_email text
SELECT g.mode, g.quorum, encode(l.digest, 'hex'), l.label, l.version,
       octet_length(l.text), g.questions, g.form, g.grant_days, g.released_at,
       array_to_json(g.accept_domains), array_to_json(g.refuse_domains),
       (SELECT json_agg(name ORDER BY name)
          FROM account
         WHERE id = ANY (g.accept_organizations)),
       (SELECT json_agg(name ORDER BY name)
          FROM account
         WHERE id = ANY (g.refuse_organizations)),
       (SELECT json_agg(a.name ORDER BY a.name)
          FROM gate_reviewer v
          JOIN account a ON a.id = v.account
         WHERE v.repository = g.repository),
       g.org_members_gated, g.notifications_mode, g.notifications_email
  FROM gate g
  LEFT JOIN licence l ON l.digest = g.licence
 WHERE g.repository = $1
