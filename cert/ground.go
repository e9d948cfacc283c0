package cert

import "github.com/akashi-id/akashi/internal/plain"

// Ground is why a certificate is ended, in the words of those who ask for it (失効の事由). A list and an answer to a relying
// party have fewer words, the codes of RFC 5280: Reason gives the one that the practice statement (CPS 4.9.9) has for it.
// The zero value is no ground and is refused.
type Ground string

// The grounds.
const (
	Changed     Ground = "changed"     // the record changed: 異動等失効情報, 認証業務法12条
	Died        Ground = "died"        // the holder died, or is not covered by the act any more
	Asked       Ground = "asked"       // the holder's own application: 認証業務法9条, 28条
	Lost        Ground = "lost"        // the card, or the key, was lost
	Exposed     Ground = "exposed"     // somebody else may know the holder's key: the notice of 認証業務法10条
	Mistaken    Ground = "mistaken"    // the certificate states, or was issued on, what was never so: 記録の誤り
	Undelivered Ground = "undelivered" // discarded before it was handed over
	Renewed     Ground = "renewed"     // another one took its place
	CAExposed   Ground = "ca-exposed"  // somebody else may know the CA's key
)

// Grounds lists all.
var Grounds = []Ground{Changed, Died, Asked, Lost, Exposed, Mistaken, Undelivered, Renewed, CAExposed}

var groundTable = map[Ground]struct {
	reason        RevocationReason
	name, meaning plain.Sentence
}{
	Changed: {AffiliationChanged,
		plain.Sentence{JA: "異動等", EN: "change of the record"},
		plain.Sentence{JA: "住民票の記載が変わり、電子証明書の内容が事実と違うものになりました。", EN: "The resident record changed, so that the certificate states what is no longer true."}},
	Died: {CessationOfOperation,
		plain.Sentence{JA: "死亡等", EN: "death"},
		plain.Sentence{JA: "本人が亡くなったか、住民票が職権で消除されました。", EN: "The holder has died, or the record was deleted ex officio."}},
	Asked: {CessationOfOperation,
		plain.Sentence{JA: "本人の申請", EN: "the holder's request"},
		plain.Sentence{JA: "本人が使わなくなりました。", EN: "The holder does not want it any more."}},
	// The table of the CPS names no loss. Whoever has the card may come to know its password, so that a lost key counts as one that
	// others know. The CPS has a hold for doubts, and never releases one: here a loss is a revocation from the start.
	Lost: {KeyCompromise,
		plain.Sentence{JA: "紛失・盗難", EN: "loss or theft"},
		plain.Sentence{JA: "カードか秘密鍵をなくしました。一時停止ではなく失効します。見つかっても、元には戻りません。", EN: "The card or the key is lost. That is a revocation and no suspension: it stays revoked when the card is found."}},
	Exposed: {KeyCompromise,
		plain.Sentence{JA: "秘密鍵の漏えい", EN: "key compromise"},
		plain.Sentence{JA: "秘密鍵か暗証番号を、ほかの人に知られたおそれがあります。", EN: "Somebody else may know the private key or its password."}},
	// Of the table's reasons this is the one that speaks of what the certificate states.
	Mistaken: {AffiliationChanged,
		plain.Sentence{JA: "記録の誤り", EN: "error in the record"},
		plain.Sentence{JA: "電子証明書の内容が、発行したときから誤っていました。", EN: "What the certificate states was wrong from the beginning."}},
	Undelivered: {Unspecified,
		plain.Sentence{JA: "交付前破棄", EN: "discarded"},
		plain.Sentence{JA: "本人に渡す前に破棄しました。", EN: "It was discarded before it was handed over."}},
	Renewed: {Superseded,
		plain.Sentence{JA: "更新", EN: "renewal"},
		plain.Sentence{JA: "新しい電子証明書に更新されました。", EN: "A new certificate took its place."}},
	CAExposed: {CACompromise,
		plain.Sentence{JA: "認証局の鍵の危殆化", EN: "CA compromise"},
		plain.Sentence{JA: "認証局の秘密鍵を、ほかの人に知られたおそれがあります。", EN: "Somebody else may know the CA's private key."}},
}

// Valid reports whether g is a ground.
func (g Ground) Valid() bool { _, ok := groundTable[g]; return ok }

// Reason is what lists and answers say of a certificate that was ended on this ground.
func (g Ground) Reason() RevocationReason { return groundTable[g].reason }

// Name gives the short words for people.
func (g Ground) Name() plain.Sentence { return groundTable[g].name }

// Meaning says it in a sentence.
func (g Ground) Meaning() plain.Sentence { return groundTable[g].meaning }

// ParseGround reads a ground as it stands in forms and commands. Anything else is a *plain.Problem.
func ParseGround(field, s string) (Ground, error) {
	if g := Ground(s); g.Valid() {
		return g, nil
	}
	return "", plain.Bad(field,
		"失効の事由は changed、died、asked、lost、exposed、mistaken、undelivered、renewed、ca-exposed のいずれかで指定してください。",
		"The ground of a revocation must be changed, died, asked, lost, exposed, mistaken, undelivered, renewed or ca-exposed.")
}
