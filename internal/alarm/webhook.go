package alarm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	// webhookKind is the kind of due work that tells the webhook. It is tried as all due work is: eight times within an
	// hour and a half, then set aside with its reason until a person starts it again.
	webhookKind = "alarm.webhook"
	// maxWebhooks bounds the queue. Beyond it the oldest are given up, and counted: the newest alarm must never wait behind
	// those that nobody took.
	maxWebhooks    = 2000
	webhookDropped = "webhook dropped"
)

// Webhook says who is told of alarms.
type Webhook struct {
	URL string // https://…, or http://… within the machine; empty: nobody
	// Secret, when there is one, signs the body: header Akashi-Signature, "sha256=" and HMAC-SHA-256 in hex.
	Secret []byte
}

// LogValue shows neither: an address may hold a token.
func (w Webhook) LogValue() slog.Value { return slog.BoolValue(w.URL != "") }

func (w Webhook) check() error {
	if w.URL == "" {
		return nil
	}
	u, err := url.Parse(w.URL)
	switch {
	case err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())):
		return nil
	case err == nil && u.Host != "" && u.Scheme == "http": // anybody on the way could read it, and answer in the receiver's name
		return plain.Bad("webhook", "警報の送り先が別の機械にあるときは、https://… で書いてください。http://… は、この機械の中の送り先だけに使えます。",
			"The webhook's receiver is on another machine: write https://…. Plain http://… is for a receiver on this machine alone.")
	}
	return plain.Bad("webhook", "警報の送り先のURLを読めません。https://… で書いてください。", // not quoted: it may hold a token
		"The URL of the webhook cannot be read. Write https://….")
}

// Notification is what the webhook's receiver gets, as JSON. A receiver answers 2xx once it has it; any other answer, and
// none, is tried again, so that it may come twice and out of order: ID names the event, OpenedAt the alarm.
type Notification struct {
	Version      int         `json:"version"` // 1
	ID           string      `json:"id"`      // the same at each try; also in the header Idempotency-Key
	Organisation message.Org `json:"organisation"`
	Event        string      `json:"event"` // opened, closed
	Alarm        Code        `json:"alarm"`
	Severity     Severity    `json:"severity"`
	Drill        bool        `json:"drill"`           // brought about by a drill: tell nobody
	Peer         message.Org `json:"peer,omitempty"`  // the other organisation
	About        string      `json:"about,omitempty"` // what else names it
	Value        int64       `json:"value"`           // at the time of the event
	Unit         Unit        `json:"unit"`
	Since        time.Time   `json:"since"`
	OpenedAt     time.Time   `json:"opened_at"`
	ClosedAt     *time.Time  `json:"closed_at,omitempty"`
	Name         Bilingual   `json:"name"`
	Means        Bilingual   `json:"means"`
	Detail       *Bilingual  `json:"detail,omitempty"`
	Runbook      string      `json:"runbook"` // below docs/runbooks
}

// Bilingual is a sentence in the two languages.
type Bilingual struct {
	JA string `json:"ja"`
	EN string `json:"en"`
}

const (
	eventOpened = "opened"
	eventClosed = "closed"
)

func (a *Alarms) notification(r row, event string) Notification {
	d, _ := DefinitionOf(r.code)
	n := Notification{Version: 1, Organisation: a.cfg.Self, Event: event, Alarm: r.code, Severity: r.severity, Drill: r.drill, Peer: r.peer,
		About: r.about, Value: r.value, Unit: d.Unit, Since: r.since, OpenedAt: r.opened, Name: Bilingual(d.Name), Means: Bilingual(d.Means), Runbook: d.Runbook()}
	if r.detail != (plain.Sentence{}) {
		n.Detail = (*Bilingual)(&r.detail)
	}
	if event == eventClosed {
		n.ClosedAt = &r.closed
	}
	// Not the number of the row, which a database restored from a copy gives a second time.
	named := fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d\n%s", a.cfg.Self, r.code, r.peer, r.about, sqlstore.MicrosOrNone(r.opened), event)
	if r.drill { // or a receiver that has the drill's would take the real one's for the same
		named = append(named, "\ndrill"...)
	}
	id := sha256.Sum256(named)
	n.ID = hex.EncodeToString(id[:16])
	return n
}

// tell puts a notification of each alarm that opened or closed on the list of due work, in the transaction of the change.
func (a *Alarms) tell(ctx context.Context, tx *sqlstore.Tx, changes []change) error {
	if a.cfg.Webhook.URL == "" {
		return nil
	}
	made := int64(0)
	for _, c := range changes {
		event := eventOpened
		if c.act == end {
			event = eventClosed
		} else if c.act != open {
			continue
		}
		body, err := json.Marshal(a.notification(c.row, event))
		if err != nil {
			return err
		}
		due.Add(tx, tx.Now(), webhookKind, strconv.FormatInt(c.id, 10)+"/"+event, body)
		made++
	}
	if made == 0 {
		return nil
	}
	if err := tx.Flush(ctx); err != nil {
		return err
	}
	queued, err := due.Number(ctx, tx, webhookKind)
	if err != nil || queued <= maxWebhooks {
		return err
	}
	dropped, err := due.RemoveOldest(ctx, tx, webhookKind, queued-maxWebhooks)
	if err != nil {
		return err
	}
	return count(ctx, tx, webhookDropped, dropped)
}

func (a *Alarms) webhookRule() due.Rule {
	return due.Rule{
		Kind:    webhookKind,
		Prepare: func(_ context.Context, _ *sqlstore.Tx, i due.Item) (any, error) { return i.Payload, nil },
		Outside: func(ctx context.Context, body any) (any, error) { return a.post(ctx, body.([]byte)) },
		Finish: func(ctx context.Context, tx *sqlstore.Tx, i due.Item, sent any) ([]message.Out, error) {
			if !sent.(bool) {
				a.cfg.Log.Warn("an alarm was not sent: no webhook is configured any more", "item", i)
				return nil, nil
			}
			return nil, acknowledged(ctx, tx, i.Ref)
		},
	}
}

// acknowledged writes down that the receiver has the notification.
func acknowledged(ctx context.Context, tx *sqlstore.Tx, ref string) error {
	number, event, _ := strings.Cut(ref, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || event != eventOpened && event != eventClosed {
		return plain.Bad("", "この通知がどの警報のものか分かりません。通知は送られています。", "It cannot be told which alarm this notification is of. It was sent.")
	}
	column := "told_opened_at"
	if event == eventClosed {
		column = "told_closed_at"
	}
	_, err = tx.Exec(ctx, `UPDATE alarm SET `+column+` = $1 WHERE id = $2`, tx.Now(), id)
	return err
}

// post hands the notification over. It returns false when there is no webhook any more.
func (a *Alarms) post(ctx context.Context, body []byte) (bool, error) {
	if a.cfg.Webhook.URL == "" {
		return false, nil
	}
	var n Notification
	if err := json.Unmarshal(body, &n); err != nil {
		return false, plain.Bad("", "保存された通知が壊れています。警報は画面で見てください。", "The stored notification is damaged. Look at the alarm on the screen.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.cfg.Webhook.URL, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the URL of the webhook cannot be used") // the error would quote it
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", n.ID)
	if len(a.cfg.Webhook.Secret) > 0 {
		mac := hmac.New(sha256.New, a.cfg.Webhook.Secret)
		mac.Write(body)
		req.Header.Set("Akashi-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	client := http.Client{Transport: a.cfg.HTTP,
		// A receiver that has moved is named in the configuration: what is sent goes nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err // without the address
		}
		return false, fmt.Errorf("the webhook's receiver cannot be reached: %w", err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return false, plain.Bad("", "警報の送り先が「"+strconv.Itoa(resp.StatusCode)+"」と答えました。送り先の設定と状態を確かめてください。",
			"The webhook's receiver answered "+strconv.Itoa(resp.StatusCode)+". Check its address and how it is.")
	}
	return true, nil
}
