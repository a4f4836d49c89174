DROP TRIGGER notify_access ON membership;
DROP TRIGGER notify_access ON repository;
DROP TRIGGER notify_access ON account;
DROP TRIGGER notify_access ON token;
DROP VIEW request_item;
DROP TABLE delivery, gate_question, access_grant, agreement, decision, request,
    notice_off, gate_reviewer, gate, licence;
DROP FUNCTION notify_access();
