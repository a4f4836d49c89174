DROP TABLE secret, attempt, link, session, token_right, token, membership,
    account;
