-- What others than the person and the household have asked for (第三者の請求, 法12条の2・12条の3): who asks, on which ground, by what proof, for which items; and
-- who decided what, where the law leaves it to be decided.
CREATE TABLE third_request(
  id TEXT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL, code TEXT NOT NULL,
  article TEXT NOT NULL,               -- 12-2, 12-3-1-1, 12-3-1-2, 12-3-1-3, 12-3-2
  applicant TEXT NOT NULL, place TEXT NOT NULL, -- who asks, and where they are
  came TEXT NOT NULL, authority TEXT NOT NULL,  -- who has come for them, and by what that was checked
  purpose TEXT NOT NULL, proof TEXT NOT NULL,   -- what it is used for, and what was shown of it
  items TEXT NOT NULL, items_why TEXT NOT NULL, -- beyond 基礎証明事項, with a comma between
  checked BIGINT NOT NULL,             -- the check of who has come
  at BIGINT NOT NULL, by_whom TEXT NOT NULL, credential TEXT NOT NULL, trace TEXT NOT NULL,
  state TEXT NOT NULL,                 -- asked, granted, refused
  decided_at BIGINT NOT NULL, decided_by TEXT NOT NULL, why TEXT NOT NULL, granted TEXT NOT NULL, -- items that were
  request TEXT NOT NULL                -- the application to the issuing server; empty: there is none
);
CREATE INDEX third_request_open ON third_request(at) WHERE state = 'asked';
CREATE INDEX third_request_request ON third_request(request) WHERE request <> '';
