-- 0012_question: an index that no statement reads cost a third of the writing
-- of the record, which is a row for each question to the gate.
DROP INDEX gate_question_repository;
