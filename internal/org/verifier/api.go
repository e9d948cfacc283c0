package verifier

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
)

// Answer is the answer of POST api/verify, with status 200 whatever the verdict. Times are UTC; what is not known is
// absent. The signer's name and address are not in it, because answers to scripts end in logs; they are in the
// certificate.
type Answer struct {
	Verdict       string     `json:"verdict"` // valid, revoked, expired, unknown, invalid, indeterminate
	Reason        Words      `json:"reason"`  // why, and what to do
	CheckedAt     time.Time  `json:"checked_at"`
	Serial        string     `json:"serial,omitempty"`  // hexadecimal, as openssl prints it
	Profile       string     `json:"profile,omitempty"` // signature, authentication
	RevokedAt     *time.Time `json:"revoked_at,omitempty"`
	Revocation    string     `json:"revocation_reason,omitempty"`    // affiliationChanged, … (RFC 5280 5.3.1)
	ClaimedTime   *time.Time `json:"claimed_signing_time,omitempty"` // as the signer says; proved by nobody
	AsText        bool       `json:"as_text,omitempty"`              // signed with line ends written as CR LF
	Content       string     `json:"content_sha256,omitempty"`
	SignatureFile string     `json:"signature_sha256"`
	OCSP          *Inquiry   `json:"ocsp,omitempty"` // absent when nothing was asked
}

// Words are a sentence in both languages.
type Words struct {
	JA string `json:"ja"`
	EN string `json:"en"`
}

// Inquiry is what was asked of whom. All but the address is absent when no answer could be had.
type Inquiry struct {
	URL        string     `json:"url"`
	Responder  string     `json:"responder,omitempty"`
	ThisUpdate *time.Time `json:"this_update,omitempty"`
	NextUpdate *time.Time `json:"next_update,omitempty"`
}

// Refusal is the answer to what could not be taken, with a status of 400 or more.
type Refusal struct {
	Errors []FieldError `json:"errors"`
}

// FieldError says what is wrong, where, and what to do. Field is absent when it is about the whole request.
type FieldError struct {
	Field string `json:"field,omitempty"`
	Words
}

const pathAPI = "/api/verify"

// guardAPI refuses a request to the API that is announced as too large in the API's own form; webui.Serve would answer
// it with a page.
func (o *Verifier) guardAPI(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != o.base()+pathAPI || r.ContentLength <= maxUpload {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		whileSending(w, r, func() { o.refuse(w, r, &http.MaxBytesError{Limit: maxUpload}) })
	})
}

// serveAPI checks what a script sends: multipart/form-data with the parts file (absent when the document is in the
// signature) and signature.
func (o *Verifier) serveAPI(w http.ResponseWriter, r *http.Request) {
	if err := access.May(access.From(r.Context()), access.VerifySignature, o.Self.Role()); err != nil {
		o.refuse(w, r, err)
		return
	}
	allRead, leave, err := o.gate.enter(w, r)
	if err != nil {
		whileSending(w, r, func() { o.refuse(w, r, err) })
		return
	}
	defer leave()
	sent, err := readAPI(r)
	allRead()
	if err != nil {
		o.refuse(w, r, err)
		return
	}
	f, err := o.check(r.Context(), sent)
	if err != nil {
		o.refuse(w, r, err)
		return
	}
	o.answer(w, r, http.StatusOK, answerOf(f))
}

func readAPI(r *http.Request) (submission, error) {
	// All of it stays in memory: a document must not be left behind on disk. The request is bounded.
	if err := r.ParseMultipartForm(maxUpload); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return submission{}, err
		}
		return submission{}, plain.Bad("", "送られた内容を読めません。multipart/form-data で file と signature を送ってください（curl -F file=@FILE -F signature=@FILE.p7s）。",
			"What was sent cannot be read: send file and signature as multipart/form-data (curl -F file=@FILE -F signature=@FILE.p7s).")
	}
	var parts [2]part
	for i, name := range []string{fieldFile, fieldSignature} {
		var err error
		if parts[i], err = readPart(r, name); err != nil {
			return submission{}, err
		}
	}
	return newSubmission(store.API, parts[0], parts[1], "")
}

// readPart takes a part as a file or as a value, which is how some clients send what is text, such as PEM.
func readPart(r *http.Request, name string) (part, error) {
	if headers := r.MultipartForm.File[name]; len(headers) > 0 {
		file, err := headers[0].Open()
		if err != nil {
			return part{}, err
		}
		defer file.Close()
		octets, err := io.ReadAll(file)
		return part{headers[0].Filename, octets}, err
	}
	if values := r.MultipartForm.Value[name]; len(values) > 0 {
		return part{octets: []byte(values[0])}, nil
	}
	return part{}, nil
}

func answerOf(f finding) Answer {
	a := Answer{Verdict: f.Verdict.String(), Reason: Words(f.Reason), CheckedAt: f.At.UTC(), RevokedAt: optional(f.Kept.RevokedAt),
		ClaimedTime: optional(f.ClaimedTime), AsText: f.AsText, Content: hex.EncodeToString(f.Kept.ContentHash),
		SignatureFile: hex.EncodeToString(f.Kept.SignatureHash)}
	if !f.Serial.IsZero() {
		a.Serial, a.Profile = f.Serial.String(), f.Profile.String()
	}
	if f.Kept.Revocation.Valid() {
		a.Revocation = f.Kept.Revocation.String()
	}
	if f.Kept.Asked != "" {
		a.OCSP = &Inquiry{f.Kept.Asked, f.Kept.Responder, optional(f.Kept.ThisUpdate), optional(f.Kept.NextUpdate)}
	}
	return a
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// refuse answers with what is wrong.
func (o *Verifier) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	var refused *access.Refused
	problems, bad := plain.AsProblems(err)
	var answer Refusal
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, errBusy):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "60")
		answer.Errors = []FieldError{{Words: Words(errBusy.Sentence)}}
	case bad:
		status = http.StatusBadRequest
		for _, p := range problems {
			answer.Errors = append(answer.Errors, FieldError{p.Field, Words(p.Sentence)})
		}
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
		answer.Errors = []FieldError{{Words: Words{
			"送られた内容が大きすぎるため、受け付けませんでした。文書と署名を合わせて 32 MiB までです。",
			"What was sent is too large and was not accepted: document and signature may have 32 MiB together."}}}
	case errors.As(err, &refused):
		status = http.StatusForbidden
		answer.Errors = []FieldError{{Words: Words(refused.Sentence)}}
	default:
		o.Log.ErrorContext(r.Context(), "a request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		answer.Errors = []FieldError{{Words: Words{"検証を終えられませんでした。しばらくしてから、もう一度行ってください。", "The check could not be finished. Try again in a while."}}}
	}
	o.answer(w, r, status, answer)
}

// tellHow answers somebody who opens the address in a browser.
func (o *Verifier) tellHow(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	o.answer(w, r, http.StatusMethodNotAllowed, Refusal{[]FieldError{{Words: Words{
		"POST で、file と signature を multipart/form-data で送ってください。", "Send file and signature with POST, as multipart/form-data."}}}})
}

func (o *Verifier) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ") // people read it in a terminal
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		o.Log.DebugContext(r.Context(), "the asker has gone", slog.Any("error", err))
	}
}
