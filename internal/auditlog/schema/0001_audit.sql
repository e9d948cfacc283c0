-- One row per act. at is in microseconds UTC; seq tells rows of one moment apart and in order.
CREATE TABLE audit(
	at BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	actor TEXT NOT NULL CHECK (actor <> ''),
	act TEXT NOT NULL CHECK (act <> ''),
	subject TEXT NOT NULL,
	case_ref TEXT NOT NULL,
	detail TEXT NOT NULL CHECK (length(detail) <= 1000),
	PRIMARY KEY(at, seq));
CREATE INDEX audit_subject ON audit(subject, at, seq) WHERE subject <> '';
CREATE INDEX audit_actor ON audit(actor, at, seq);
