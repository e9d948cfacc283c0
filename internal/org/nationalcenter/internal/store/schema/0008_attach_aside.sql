-- Askings about a record code that the center's staff look into before they are answered again (取り置いた照会): one asker was refused too often
-- about one code, or the person is protected and nobody has said that she goes there.
CREATE TABLE attach_aside(
  id TEXT NOT NULL PRIMARY KEY,     -- random: pages and logs name no code
  asked_by TEXT NOT NULL,           -- organisation
  code TEXT NOT NULL,
  why TEXT NOT NULL,                -- refused, protected
  opened_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,            -- questions that came since
  proposed_by TEXT NOT NULL,        -- empty: nobody
  proposed_at BIGINT NOT NULL,
  proposed_why TEXT NOT NULL,
  let_by TEXT NOT NULL,             -- who has let them ask again; empty: nobody yet
  let_at BIGINT NOT NULL            -- 0: not yet
);
CREATE UNIQUE INDEX attach_aside_open ON attach_aside(asked_by, code) WHERE let_at = 0;
CREATE INDEX attach_aside_code ON attach_aside(code, asked_by, let_at);
CREATE INDEX attach_answer_code ON attach_answer(code, asked_by, at);
