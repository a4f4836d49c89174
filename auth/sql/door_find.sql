-- door_find: for each of many requests, who asks, the repository they name,
-- what they are to it, all that the gate's decision rests on, and what their
-- revision names, as it is now.
--   $1  bytea[]   SHA-256 of a token's text; null where the caller is known
--   $2  bigint[]  the account known already, 0 for nobody
--   $3  bigint[]  and its token, 0 for none; another account's is not live
--   $4  text[]    kind
--   $5  text[]    namespace, in any case
--   $6  text[]    name, in any case
--   $7  text[]    a branch, a tag, a whole ref's name, or the id of the commit
--                 that main holds; null for none
--   ->  a row for each, in their order: the 13 columns of repository_find
--       (null: there is none), then membership text, reviewer boolean,
--       rights text (a fine-grained token's own, with blanks between; null for
--       none), then token bigint, role text, account bigint, account_name
--       text, administrator boolean, is_due boolean (the use is to be noted),
--       then the columns of gate_check, then target bytea (null: no such ref).
--       A token that is unknown, revoked, expired, or of an account that is
--       disabled is null, and so is what hangs on it.
-- The sub-selects hide how many there are, so that one plan serves any number.
-- No sort and no aggregate for each: they cost more than all the rest.  The
-- LIMITs keep each look-up one in an index that is unique, where a join could
-- read all grants of a repository, or all tokens.
SELECT r.id, r.public_id, r.kind, r.namespace, r.owner, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at,
       CASE WHEN r.namespace = c.id THEN 'owner'
            ELSE COALESCE(m.role, '') END,
       COALESCE((SELECT true FROM gate_reviewer
                  WHERE repository = r.id AND account = c.id), false),
       CASE WHEN t.role = 'fine-grained' THEN
            (SELECT string_agg("right", ' ')
               FROM token_right
              WHERE token = t.id
                AND (repository = r.id OR namespace = r.namespace
                     OR (repository IS NULL AND namespace IS NULL))) END,
       t.id, t.role, c.id, c.name, c.administrator,
       asked.hash IS NOT NULL
           AND (t.last_used_at IS NULL
                OR t.last_used_at < now() - interval '1 minute'),
       COALESCE(g.mode, 'open'),
       r.disabled_at IS NOT NULL,
       (asked.account = 0 OR c.id IS NOT NULL)
           AND (asked.token = 0 OR t.id IS NOT NULL),
       t.expires_at,
       CASE WHEN r.namespace = c.id THEN 'owner'
            WHEN m.role = 'admin' THEN 'admin'
            WHEN m.role IS NOT NULL AND r.created_by = c.id THEN 'creator'
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
       CASE WHEN g.licence IS NOT NULL THEN
            (SELECT max(id)
               FROM agreement
              WHERE repository = r.id
                AND account = c.id
                AND licence = g.licence) END,
       COALESCE(
            (SELECT target FROM git_ref
              WHERE repository = r.id
                AND name = 'refs/heads/' || asked.revision),
            (SELECT target FROM git_ref
              WHERE repository = r.id
                AND name = 'refs/tags/' || asked.revision),
            (SELECT target FROM git_ref
              WHERE repository = r.id AND name = asked.revision),
            (SELECT target FROM git_ref
              WHERE repository = r.id
                AND name = 'refs/heads/main'
                AND encode(target, 'hex') = asked.revision))
  FROM unnest((SELECT $1::bytea[]), (SELECT $2::bigint[]),
              (SELECT $3::bigint[]), (SELECT $4::text[]), (SELECT $5::text[]),
              (SELECT $6::text[]), (SELECT $7::text[]))
       WITH ORDINALITY AS asked (hash, account, token, kind, namespace, name,
                                 revision, place)
  LEFT JOIN LATERAL (
       SELECT id, role, account, expires_at, last_used_at
         FROM token
        WHERE hash = asked.hash
          AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > now())
        UNION ALL
       SELECT id, role, account, expires_at, last_used_at
         FROM token
        WHERE asked.hash IS NULL
          AND id = NULLIF(asked.token, 0)
          AND account = asked.account
          AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > now())
        LIMIT 1) t ON true
  LEFT JOIN LATERAL (
       SELECT id, name, administrator
         FROM account
        WHERE id = COALESCE(t.account, NULLIF(asked.account, 0))
          AND disabled_at IS NULL
        LIMIT 1) c ON true
  LEFT JOIN LATERAL (
       SELECT named.*, owner.name AS owner
         FROM account owner
         JOIN repository named ON named.namespace = owner.id
        WHERE owner.name_key = lower(asked.namespace)
          AND named.kind = asked.kind
          AND named.name_key = lower(asked.name)
        UNION ALL
       SELECT named.*, owner.name
         FROM repository_redirect moved
         JOIN repository named ON named.id = moved.repository
         JOIN account owner ON owner.id = named.namespace
        WHERE moved.kind = asked.kind
          AND moved.namespace_key = lower(asked.namespace)
          AND moved.name_key = lower(asked.name)
        LIMIT 1) r ON true
  LEFT JOIN gate g ON g.repository = r.id
  LEFT JOIN licence l ON l.digest = g.licence
  LEFT JOIN LATERAL (
       SELECT role
         FROM membership
        WHERE organization = r.namespace AND account = c.id
        LIMIT 1) m ON true
  LEFT JOIN LATERAL (
       SELECT status, reason, decided_by
         FROM request
        WHERE repository = r.id AND account = c.id AND withdrawn_at IS NULL
        LIMIT 1) q ON true
  LEFT JOIN LATERAL (
       SELECT id, begins_at, ends_at
         FROM access_grant
        WHERE repository = r.id AND account = c.id AND revoked_at IS NULL
        LIMIT 1) x ON true
 ORDER BY asked.place
