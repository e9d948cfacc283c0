//go:build cgo

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// device is a token of a PKCS #11 module (v2.40). Sessions are few and kept; whoever signs takes one out of the pool.
type device struct {
	module   string
	label    string // the token's; or
	slot     *uint  // where it is
	sessions int    // how many are asked for

	// login is held for reading by a call that is inside the module, and for writing by what changes the login: a module need not
	// bear that sessions end under a call in another thread (SoftHSM2 2.6 falls over), and one that hangs in a call has its
	// process ended by the deadline of whoever waits here.
	login sync.RWMutex
	ctx   *pkcs11.Ctx
	at    uint // the slot, found
	pool  chan pkcs11.SessionHandle

	mu   sync.Mutex // guards keys, which a call may find
	keys map[string]held
}

// held is a private key of the token.
type held struct {
	handle pkcs11.ObjectHandle
	public crypto.PublicKey
}

// Open loads the module once, and logs in. After a login that was lost the sessions are opened anew.
func (d *device) Open(_ context.Context, l token.Login) error {
	d.login.Lock()
	defer d.login.Unlock()
	if d.ctx == nil {
		ctx := pkcs11.New(d.module)
		if ctx == nil {
			return token.Fail(token.DeviceFailed, "the module %s could not be loaded", d.module)
		}
		if err := ctx.Initialize(); err != nil {
			return fault("C_Initialize", err)
		}
		d.ctx = ctx
	} else {
		d.ctx.CloseAllSessions(d.at) // of a device that forgot us; what it says does not matter
	}
	d.pool = nil
	d.know(nil)
	slot, info, err := d.find()
	if err != nil {
		return err
	}
	d.at = slot
	pool, err := d.enter(info, l)
	if err != nil {
		return err
	}
	d.pool = pool
	return nil
}

// enter opens the sessions and logs in, which is for all of them. A device that has fewer sessions is used with those.
func (d *device) enter(info pkcs11.TokenInfo, l token.Login) (chan pkcs11.SessionHandle, error) {
	if err := mayTry(info.Flags, l.Despite); err != nil {
		return nil, err
	}
	pool := make(chan pkcs11.SessionHandle, d.sessions)
	for range d.sessions {
		s, err := d.ctx.OpenSession(d.at, pkcs11.CKF_SERIAL_SESSION)
		if len(pool) > 0 && is(err, pkcs11.CKR_SESSION_COUNT) {
			break
		}
		if err != nil {
			return nil, fault("C_OpenSession", err)
		}
		if len(pool) == 0 {
			if err := d.ctx.Login(s, pkcs11.CKU_USER, string(l.PIN)); err != nil && !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) {
				return nil, fault("C_Login", err)
			}
		}
		pool <- s
	}
	return pool, nil
}

// mayTry tells whether a PIN may be given. A device locks after a few wrong ones and says before that there was one
// (CKF_USER_PIN_COUNT_LOW): so a program that is started again and again tries a wrong PIN once. What is spent to the last
// try is a person's to use, with the device's own tool.
func mayTry(flags uint, despite bool) error {
	switch {
	case flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return token.Fail(token.LoginRefused, "the device has locked the PIN")
	case flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return token.Fail(token.LoginRefused, "one more wrong PIN would lock the device: it is not tried")
	case flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0 && !despite:
		return token.Fail(token.LoginRefused, "somebody has given a wrong PIN since the last login: it is not tried until a person has looked")
	}
	return nil
}

// find looks the token up, by its label if it was named so: slots are numbered anew at every plug.
func (d *device) find() (uint, pkcs11.TokenInfo, error) {
	slots, err := d.ctx.GetSlotList(true)
	if err != nil {
		return 0, pkcs11.TokenInfo{}, fault("C_GetSlotList", err)
	}
	for _, s := range slots {
		if d.slot != nil && *d.slot != s {
			continue
		}
		info, err := d.ctx.GetTokenInfo(s)
		switch {
		case err != nil && d.slot != nil:
			return 0, info, fault("C_GetTokenInfo", err)
		case err == nil && (d.slot != nil || strings.TrimRight(info.Label, " \x00") == d.label):
			return s, info, nil
		}
	}
	if d.slot != nil {
		return 0, pkcs11.TokenInfo{}, token.Fail(token.DeviceFailed, "the module %s has no token in slot %d", d.module, *d.slot)
	}
	return 0, pkcs11.TokenInfo{}, token.Fail(token.DeviceFailed, "the module %s has no token %q", d.module, d.label)
}

// with calls fn with a session of the pool.
func (d *device) with(fn func(*pkcs11.Ctx, pkcs11.SessionHandle) error) error {
	d.login.RLock()
	defer d.login.RUnlock()
	if d.pool == nil {
		return token.Fail(token.LoginLost, "nobody has logged in")
	}
	s := <-d.pool
	defer func() { d.pool <- s }()
	return fn(d.ctx, s)
}

// known are the keys that were listed under this login, nil when none were.
func (d *device) known() map[string]held {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keys
}

func (d *device) know(keys map[string]held) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys = keys
}

// Keys lists the private keys that may sign, with their public halves. One that cannot be used here is listed with the reason:
// it may be another program's.
func (d *device) Keys(context.Context) (keys []token.Key, err error) {
	found := map[string]held{}
	err = d.with(func(c *pkcs11.Ctx, s pkcs11.SessionHandle) error {
		handles, err := objects(c, s, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true))
		if err != nil {
			return err
		}
		for _, h := range handles {
			a, err := c.GetAttributeValue(s, h, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, nil), pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
			if err != nil {
				return fault("C_GetAttributeValue", err)
			}
			key := token.Key{Label: string(a[0].Value)}
			public, err := publicKey(c, s, a[1].Value)
			if no := (unfit{}); errors.As(err, &no) {
				key.Why = no.why
			} else if err != nil {
				return err
			} else if key.Public, err = x509.MarshalPKIXPublicKey(public); err != nil {
				key.Why = err.Error()
			} else if _, twice := found[key.Label]; !twice { // who asks for it is told that there are two
				found[key.Label] = held{h, public}
			}
			keys = append(keys, key)
		}
		if err := stillIn(c, s); err != nil {
			return err
		}
		d.know(found)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// stillIn tells whether a session's login still holds. A device that has forgotten it lists no private keys and returns no error
// (PKCS #11 v2.40 §4.4): without this question its keys would be gone where only its login is.
func stillIn(c *pkcs11.Ctx, s pkcs11.SessionHandle) error {
	info, err := c.GetSessionInfo(s)
	if err != nil {
		return fault("C_GetSessionInfo", err)
	}
	if info.State != pkcs11.CKS_RO_USER_FUNCTIONS && info.State != pkcs11.CKS_RW_USER_FUNCTIONS {
		return token.Fail(token.LoginLost, "the login was lost while the keys were listed")
	}
	return nil
}

// unfit is a key that cannot be used.
type unfit struct{ why string }

func (u unfit) Error() string { return u.why }

func unfitf(format string, args ...any) error { return unfit{fmt.Sprintf(format, args...)} }

// objects finds all objects like a template.
func objects(c *pkcs11.Ctx, s pkcs11.SessionHandle, like ...*pkcs11.Attribute) (all []pkcs11.ObjectHandle, err error) {
	if err := c.FindObjectsInit(s, like); err != nil {
		return nil, fault("C_FindObjectsInit", err)
	}
	defer c.FindObjectsFinal(s)
	for {
		some, _, err := c.FindObjects(s, 100)
		if err != nil {
			return nil, fault("C_FindObjects", err)
		}
		if len(some) == 0 {
			return all, nil
		}
		all = append(all, some...)
	}
}

// digestInfo is what stands before a digest in a signature of PKCS #1 v1.5 (RFC 8017 §9.2, note 1).
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384: {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// Sign signs a digest.
func (d *device) Sign(ctx context.Context, key string, hash crypto.Hash, digest []byte) (signature []byte, err error) {
	keys := d.known()
	if keys == nil { // opened anew: handles are of the sessions
		if _, err := d.Keys(ctx); err != nil {
			return nil, err
		}
		keys = d.known()
	}
	k, ok := keys[key]
	switch {
	case keys == nil:
		return nil, token.Fail(token.LoginLost, "the login was changed while the keys were listed")
	case !ok:
		return nil, token.Fail(token.NoSuchKey, "the token has no key %q", key)
	}
	mechanism, input := uint(pkcs11.CKM_ECDSA), digest
	if _, is := k.public.(*rsa.PublicKey); is {
		mechanism, input = pkcs11.CKM_RSA_PKCS, append(bytes.Clone(digestInfo[hash]), digest...)
	}
	err = d.with(func(c *pkcs11.Ctx, s pkcs11.SessionHandle) error {
		if err := c.SignInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, k.handle); err != nil {
			return fault("C_SignInit", err)
		}
		if signature, err = c.Sign(s, input); err != nil {
			return fault("C_Sign", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if mechanism == pkcs11.CKM_ECDSA {
		return ecdsaDER(signature)
	}
	return signature, nil
}

// ecdsaDER writes r and s, which a device gives side by side, as X.509 has them (RFC 3279 §2.2.3).
func ecdsaDER(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 {
		return nil, token.Fail(token.DeviceFailed, "%d bytes are no ECDSA signature", len(raw))
	}
	half := len(raw) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
}

// Logout has the device forget us.
func (d *device) Logout(context.Context) error {
	d.login.Lock()
	defer d.login.Unlock()
	if d.pool == nil {
		return token.Fail(token.LoginLost, "nobody has logged in")
	}
	s := <-d.pool
	defer func() { d.pool <- s }()
	if err := d.ctx.Logout(s); err != nil {
		return fault("C_Logout", err)
	}
	return nil
}

// Close ends the sessions. The module is unloaded with the process.
func (d *device) Close() error {
	d.login.Lock()
	defer d.login.Unlock()
	if d.ctx == nil {
		return nil
	}
	return d.ctx.Finalize()
}

// faults are the return values that mean something else than a device that failed.
var faults = map[pkcs11.Error]token.Fault{
	pkcs11.CKR_PIN_INCORRECT:            token.LoginRefused,
	pkcs11.CKR_PIN_INVALID:              token.LoginRefused,
	pkcs11.CKR_PIN_LEN_RANGE:            token.LoginRefused,
	pkcs11.CKR_PIN_EXPIRED:              token.LoginRefused,
	pkcs11.CKR_PIN_LOCKED:               token.LoginRefused,
	pkcs11.CKR_USER_PIN_NOT_INITIALIZED: token.LoginRefused,
	pkcs11.CKR_USER_NOT_LOGGED_IN:       token.LoginLost,
	pkcs11.CKR_SESSION_HANDLE_INVALID:   token.LoginLost,
	pkcs11.CKR_SESSION_CLOSED:           token.LoginLost,
	pkcs11.CKR_KEY_HANDLE_INVALID:       token.LoginLost,
	pkcs11.CKR_OBJECT_HANDLE_INVALID:    token.LoginLost,

	// The device is well, and will not do this.
	pkcs11.CKR_DATA_INVALID:               token.BadCall,
	pkcs11.CKR_DATA_LEN_RANGE:             token.BadCall,
	pkcs11.CKR_MECHANISM_INVALID:          token.BadCall,
	pkcs11.CKR_MECHANISM_PARAM_INVALID:    token.BadCall,
	pkcs11.CKR_KEY_SIZE_RANGE:             token.BadCall,
	pkcs11.CKR_KEY_TYPE_INCONSISTENT:      token.BadCall,
	pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED: token.BadCall,
}

// fault is what a function of the module returned.
func fault(function string, err error) error {
	var code pkcs11.Error
	if !errors.As(err, &code) {
		return token.Fail(token.DeviceFailed, "%s: %v", function, err)
	}
	f, known := faults[code]
	if !known {
		f = token.DeviceFailed
	}
	return &token.Error{Fault: f, Code: code.Error(), Text: function + " failed"}
}

func is(err error, code pkcs11.Error) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && e == code
}
