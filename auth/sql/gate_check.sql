-- gate_check: everything that a decision on one repository rests on, as it is
-- now, in one row; no row when the repository is gone.
--   $1  bigint  repository
--   $2  bigint  account; null for nobody
--   $3  bigint  token; null for none
--   ->  mode text, is_disabled boolean, is_live boolean (account and token
--       are good), token_ends_at timestamptz, relation text (owner, admin,
--       creator, member or empty), is_private boolean,
--       members_gated boolean, embargo timestamptz (null when it is over),
--       status text (null: no request), reason text, is_expired boolean,
--       access_grant bigint (null unless it is in force),
--       ends_at timestamptz, licence text (null: none is wanted),
--       agreement bigint (null: not agreed to that licence)
SELECT COALESCE(g.mode, 'open'),
       r.disabled_at IS NOT NULL,
       ($2 IS NULL OR (a.id IS NOT NULL AND a.disabled_at IS NULL))
           AND ($3 IS NULL OR (t.id IS NOT NULL AND t.revoked_at IS NULL
                   AND (t.expires_at IS NULL OR t.expires_at > now()))),
       t.expires_at,
       CASE WHEN r.namespace = $2 THEN 'owner'
            WHEN m.role = 'admin' THEN 'admin'
            WHEN m.role IS NOT NULL AND r.created_by = $2 THEN 'creator'
            WHEN m.role IS NOT NULL THEN 'member'
            ELSE '' END,
       r.private,
       COALESCE(g.org_members_gated, false),
       CASE WHEN g.released_at > now() THEN g.released_at END,
       q.status,
       q.reason,
       COALESCE(x.ends_at <= now(), false)
           OR (q.status = 'reset' AND q.decided_by IS NULL
               AND q.reason = 'expired'),
       CASE WHEN x.begins_at <= now()
                 AND (x.ends_at IS NULL OR x.ends_at > now()) THEN x.id END,
       x.ends_at,
       l.label || ' ' || l.version || ', sha256:' || encode(l.digest, 'hex'),
       c.id
  FROM repository r
  LEFT JOIN gate g ON g.repository = r.id
  LEFT JOIN licence l ON l.digest = g.licence
  LEFT JOIN account a ON a.id = $2
  LEFT JOIN token t ON t.id = $3 AND t.account = $2
  LEFT JOIN membership m ON m.organization = r.namespace AND m.account = $2
  LEFT JOIN request q ON q.repository = r.id AND q.account = $2
                     AND q.withdrawn_at IS NULL
  LEFT JOIN access_grant x ON x.repository = r.id AND x.account = $2
                          AND x.revoked_at IS NULL
  LEFT JOIN LATERAL (
       SELECT id
         FROM agreement
        WHERE repository = r.id AND account = $2 AND licence = g.licence
        ORDER BY id DESC
        LIMIT 1) c ON true
 WHERE r.id = $1
