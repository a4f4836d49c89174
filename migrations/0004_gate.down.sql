DROP TRIGGER notify_access ON membership;
DROP TRIGGER notify_access ON repository;
DROP TRIGGER notify_access ON account;
DROP TRIGGER notify_access ON token;
DROP TABLE delivery, gate_question, access_grant, agreement, decision, request,
    gate_reviewer, gate, licence;
DROP FUNCTION notify_access();
