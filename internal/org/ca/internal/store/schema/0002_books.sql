-- What the national center demanded and what was done here: the CA's side of the book of revocations. The method of the store
-- that ends a certificate writes the row, so that a notice that was answered for and not acted upon leaves none.
CREATE TABLE notice(
	key TEXT NOT NULL PRIMARY KEY, -- as message.CertRevocation.Entries names it
	serial BYTEA NOT NULL, -- empty when the notice names the holder alone
	holder TEXT NOT NULL,
	profile TEXT NOT NULL,
	version BIGINT NOT NULL,
	reason TEXT NOT NULL,
	since TEXT NOT NULL,
	why TEXT NOT NULL,
	taken_at BIGINT NOT NULL);

-- Rows that a book's source does not hold, or holds otherwise: taken out, and kept as evidence of what stood here.
CREATE TABLE struck(
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	book TEXT NOT NULL,
	key TEXT NOT NULL,
	case_ref TEXT NOT NULL,
	kind TEXT NOT NULL,
	body BYTEA NOT NULL); -- the message that the row came from, as far as it can be told
