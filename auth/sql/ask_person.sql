-- ask_person: what a gate's own rules say of an account.  Only a verified
-- address has a domain; a domain stands for those below it, too.
--   $1  bigint  account
--   $2  bigint  repository
--   ->  is_refused boolean, is_accepted boolean
SELECT EXISTS (SELECT FROM unnest(g.refuse_domains) AS rule (domain)
                WHERE p.domain = rule.domain
                   OR p.domain LIKE '%.' || rule.domain)
       OR EXISTS (SELECT FROM membership m
                   WHERE m.account = $1
                     AND m.organization = ANY (g.refuse_organizations)),
       EXISTS (SELECT FROM unnest(g.accept_domains) AS rule (domain)
                WHERE p.domain = rule.domain
                   OR p.domain LIKE '%.' || rule.domain)
       OR EXISTS (SELECT FROM membership m
                   WHERE m.account = $1
                     AND m.organization = ANY (g.accept_organizations))
  FROM gate g
 CROSS JOIN (SELECT CASE WHEN email_verified_at IS NOT NULL
                         THEN lower(substring(email FROM '@([^@]*)$')) END
               FROM account
              WHERE id = $1) p (domain)
 WHERE g.repository = $2
