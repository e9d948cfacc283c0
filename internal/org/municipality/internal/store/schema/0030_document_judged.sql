-- Each time that the counter held a document against the register, and by which version of its program: of a fault of one version it can then be said which
-- documents it has let through.
CREATE TABLE document_judged(
  request TEXT NOT NULL, seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  moment TEXT NOT NULL,                -- came, print, hand-over
  program TEXT NOT NULL,               -- of the counter; empty: it does not say
  findings TEXT NOT NULL,              -- with a comma between; empty: it may leave
  PRIMARY KEY(request, seq)
);
-- The version of the server's program that signed a document, or refused it, as the server said.
ALTER TABLE document_request ADD COLUMN server_program TEXT NOT NULL DEFAULT '';
