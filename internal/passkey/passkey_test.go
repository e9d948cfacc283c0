package passkey

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const origin = "https://juki.example.lg.jp"

type hand struct {
	*testing.T
	party     *Party
	soft      Soft
	holder    Holder
	challenge []byte
}

func newHand(t *testing.T) *hand {
	t.Helper()
	h := &hand{T: t, holder: Holder{Handle: bytes.Repeat([]byte{9}, 32), Name: "田中"}, challenge: bytes.Repeat([]byte{7}, MinChallenge)}
	var err error
	if h.party, err = New("松本市", origin); err != nil {
		t.Fatal(err)
	}
	if h.soft, err = NewSoft(bytes.Repeat([]byte{1}, SeedSize)); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hand) create() Credential {
	h.Helper()
	options, err := h.party.AskNew(h.holder, h.challenge, nil)
	if err != nil {
		h.Fatal(err)
	}
	answer, err := h.soft.Create(options, origin)
	if err != nil {
		h.Fatal(err)
	}
	c, err := h.party.TakeNew(h.holder, h.challenge, answer)
	if err != nil {
		h.Fatal(err)
	}
	return c
}

func (h *hand) show(c Credential, at string) string {
	h.Helper()
	options, err := h.party.Ask(h.challenge, [][]byte{c.ID})
	if err != nil {
		h.Fatal(err)
	}
	answer, err := h.soft.Show(options, at, h.holder.Handle, c.Counter)
	if err != nil {
		h.Fatal(err)
	}
	return answer
}

func TestAPasskeyIsCreatedAndShown(t *testing.T) {
	h := newHand(t)
	c := h.create()
	if !bytes.Equal(c.ID, h.soft.id) || !bytes.Equal(c.Key, h.soft.cose()) {
		t.Errorf("another passkey: %+v", c)
	}
	for want := uint32(1); want < 4; want++ {
		answer := h.show(c, origin)
		if id, err := Which(answer); err != nil || !bytes.Equal(id, c.ID) {
			t.Errorf("which: %x %v", id, err)
		}
		got, err := h.party.Take(h.holder, c, h.challenge, answer)
		if err != nil || got != want {
			t.Fatalf("%d %v, want %d", got, err, want)
		}
		c.Counter = got
	}
}

// TestWhatIsNotAsItMustBeIsRefused changes one thing of a good answer each time, and must see it refused.
func TestWhatIsNotAsItMustBeIsRefused(t *testing.T) {
	h := newHand(t)
	c := h.create()
	other := bytes.Repeat([]byte{8}, MinChallenge)
	another, err := NewSoft(bytes.Repeat([]byte{2}, SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	for name, take := range map[string]func() error{
		"another challenge": func() error { _, err := h.party.Take(h.holder, c, other, h.show(c, origin)); return err },
		"another origin": func() error {
			_, err := h.party.Take(h.holder, c, h.challenge, h.show(c, "https://juki.example.lg.jp.attacker.example"))
			return err
		},
		"another port": func() error {
			_, err := h.party.Take(h.holder, c, h.challenge, h.show(c, origin+":8443"))
			return err
		},
		"a counter that stood still": func() error {
			answer := h.show(c, origin)
			c := c
			c.Counter++
			_, err := h.party.Take(h.holder, c, h.challenge, answer)
			return err
		},
		"another person's handle": func() error {
			_, err := h.party.Take(Holder{Handle: other, Name: "井上"}, c, h.challenge, h.show(c, origin))
			return err
		},
		"another's key": func() error {
			c := c
			c.Key = another.cose()
			_, err := h.party.Take(h.holder, c, h.challenge, h.show(c, origin))
			return err
		},
		"another's passkey": func() error {
			c := c
			c.ID = another.id
			_, err := h.party.Take(h.holder, c, h.challenge, h.show(h.create(), origin))
			return err
		},
		"a creation for another challenge": func() error {
			options, _ := h.party.AskNew(h.holder, other, nil)
			answer, err := h.soft.Create(options, origin)
			if err != nil {
				t.Fatal(err)
			}
			_, err = h.party.TakeNew(h.holder, h.challenge, answer)
			return err
		},
		"a creation shown instead": func() error { _, err := h.party.TakeNew(h.holder, h.challenge, h.show(c, origin)); return err },
		"nothing":                  func() error { _, err := h.party.Take(h.holder, c, h.challenge, "{}"); return err },
		"no JSON":                  func() error { _, err := Which("\x00"); return err },
	} {
		if err := take(); !errors.Is(err, ErrNotTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Flags: neither a passkey that did not verify its person, nor one that is backed up, nor one that nobody touched.
	for name, flags := range map[string]byte{"not verified": userPresent, "nobody there": userVerified, "backed up": userPresent | userVerified | mayBackUp | backedUp, "may be backed up": userPresent | userVerified | mayBackUp} {
		if _, err := h.party.Take(h.holder, c, h.challenge, h.resigned(h.show(c, origin), flags)); !errors.Is(err, ErrNotTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.party.Take(h.holder, c, h.challenge, h.resigned(h.show(c, origin), userPresent|userVerified)); err != nil {
		t.Errorf("signed again without a change: %v", err)
	}
	options, err := h.party.AskNew(h.holder, h.challenge, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, flags := range map[string]byte{"made without verifying": userPresent, "made with nobody there": userVerified,
		"made to be copied": userPresent | userVerified | mayBackUp, "made and copied": userPresent | userVerified | mayBackUp | backedUp} {
		answer, err := h.soft.create(options, origin, flags|attested)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.party.TakeNew(h.holder, h.challenge, answer); !errors.Is(err, ErrNotTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// resigned is an answer with other flags, signed by the same key.
func (h *hand) resigned(answer string, flags byte) string {
	h.Helper()
	var a map[string]any
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		h.Fatal(err)
	}
	r := a["response"].(map[string]any)
	data, err := base64.RawURLEncoding.DecodeString(r["authenticatorData"].(string))
	if err != nil {
		h.Fatal(err)
	}
	client, err := base64.RawURLEncoding.DecodeString(r["clientDataJSON"].(string))
	if err != nil {
		h.Fatal(err)
	}
	data[32] = flags
	r["authenticatorData"], r["signature"] = encode(data), encode(h.soft.sign(data, client))
	b, err := json.Marshal(a)
	if err != nil {
		h.Fatal(err)
	}
	return string(b)
}

func TestADeviceThatHoldsAnothersPasskeyMakesNone(t *testing.T) {
	h := newHand(t)
	c := h.create()
	options, err := h.party.AskNew(Holder{Handle: bytes.Repeat([]byte{3}, 32), Name: "井上"}, h.challenge, [][]byte{c.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.soft.Create(options, origin); err == nil {
		t.Error("one device stands behind two persons")
	}
}

func TestPasskeysAreForNamesOverTLS(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://juki.example.lg.jp": true, "https://juki.example.lg.jp:8443": true, "http://localhost:8600": true, "http://localhost": true,
		"http://juki.example.lg.jp": false, "https://192.0.2.1": false, "http://127.0.0.1:8600": false, "https://[::1]": false, "": false,
		"juki.example.lg.jp": false, "https://juki.example.lg.jp/": false, "https://user@juki.example.lg.jp": false, "https://juki.example.lg.jp?x": false,
	} {
		if p, err := New("松本市", origin); (err == nil) != want || err == nil && p.Origin() != origin {
			t.Errorf("%q: %v, want taken: %v", origin, err, want)
		}
	}
}

func TestQuestionsAskForWhatTheyMust(t *testing.T) {
	h := newHand(t)
	if _, err := h.party.Ask(h.challenge[1:], nil); err == nil {
		t.Error("a short challenge was taken")
	}
	made, err := h.party.AskNew(h.holder, h.challenge, [][]byte{{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := h.party.Ask(h.challenge, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"userVerification":"required"`, `"residentKey":"required"`, `"excludeCredentials":[{"type":"public-key","id":"AQID"}]`, `"id":"juki.example.lg.jp"`, `"alg":-7`} {
		if !strings.Contains(made, want) {
			t.Errorf("%s is not in %s", want, made)
		}
	}
	if !strings.Contains(shown, `"userVerification":"required"`) || !strings.Contains(shown, `"rpId":"juki.example.lg.jp"`) {
		t.Error(shown)
	}
}
