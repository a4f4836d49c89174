CREATE INDEX gate_question_repository ON gate_question (repository, id DESC);
