package nation

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/message"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{
		{
			Name:  "nation/start",
			Shape: queue.Start,
			Items: plain.Sentence{JA: "起動する団体", EN: "organisations that are opened"},
			Aside: plain.Sentence{JA: "案内の「起動できませんでした」", EN: "the portal, under could not be started"},
			Loops: []string{"internal/nation:Open", "internal/nation:Country.openAll", "internal/nation:openOne", "internal/nation:OpenProcesses",
				"internal/nation:Processes.configure", "internal/nation:Found", "internal/nation:foundPairs", "internal/nation:foundPair",
				"internal/nation:foundCitizensCA", "internal/nation:populate", "internal/nation:populateOne"},
			Bad:      queue.Poisons,
			Deadline: startTakes,
			Open:     openStartRig,
		},
		{
			Name:    "nation/tasks",
			Shape:   queue.Waiting,
			Items:   plain.Sentence{JA: "団体の常時の仕事", EN: "tasks of the organisations"},
			Aside:   plain.Sentence{JA: "プログラムの記録(標準エラー出力)", EN: "the program's journal"},
			Loops:   []string{"internal/nation:runTasks", "internal/nation:Open", "internal/nation:Serve"},
			Bad:     []queue.Poison{queue.Undecodable, queue.Panic, queue.Hang},
			Never:   map[queue.Poison]string{queue.Foreign: "a task belongs to the program", queue.Truncated: "a task is no row"},
			Forgets: "a task is no row: what still fails after a restart is said anew",
			Open:    openTasksRig,
		},
		{
			Name:  "nation/doors",
			Shape: queue.Request,
			Items: plain.Sentence{JA: "画面と操作の要求", EN: "requests for screens and control"},
			Aside: plain.Sentence{JA: "求めた人に断りを返す", EN: "refused to whoever asks"},
			Loops: []string{"internal/nation:serveWeb", "internal/nation:serveSocket"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Truncated, queue.Panic, queue.Hang},
			Never: map[queue.Poison]string{queue.Foreign: "who may ask what is decided for each request by itself, by internal/access"},
			Open:  openDoorsRig,
		},
		{
			Name:     "nation/asks",
			Shape:    queue.Request,
			Items:    plain.Sentence{JA: "案内が各団体にする照会", EN: "questions of the portal to every organisation"},
			Aside:    plain.Sentence{JA: "案内の「応答しません」", EN: "the portal, under does not answer"},
			Loops:    []string{"internal/nation:askAll", "internal/nation:member.answered"},
			Bad:      []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic, queue.Hang},
			Never:    map[queue.Poison]string{queue.Truncated: "an answer is no row; one that is cut off cannot be read, which is undecodable"},
			Deadline: patience,
			Open:     openAsksRig,
		},
	}
}

// startTakes is how long an organisation may take to open on the kit's ground: making a schema on a busy PostgreSQL takes
// seconds.
const startTakes = 20 * time.Second

// openStartRig is a country of the fewest organisations, and verifiers that cannot be opened before them.
func openStartRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	dir := filepath.Join(g.Dir, "country")
	var n int
	var kind queue.Poison
	if planted, err := os.ReadFile(filepath.Join(g.Dir, "poison")); err == nil {
		if _, err := fmt.Sscan(string(planted), &kind, &n); err != nil {
			return nil, err
		}
	}
	spec, bad := startSpec(g, n)
	c, err := Open(ctx, Options{Dir: dir, Spec: spec, Listen: "127.0.0.1:0", Log: g.Log, takes: startTakes, Trial: func(h host.Config) host.Config {
		switch {
		case bad[h.Self] && kind == queue.Panic:
			panic("planted by the conformance kit")
		case bad[h.Self] && kind == queue.Hang:
			g.Hang()
		}
		return h
	}})
	if err != nil {
		return nil, err
	}
	return &queue.Rig{Close: c.Close,
		// They are founded as the others are, where their damage lets them: what is tried is the start, and not the making of keys.
		Plant: func(_ context.Context, p queue.Poison, n int) error {
			spec, bad := startSpec(g, n)
			harm := func() error {
				for id := range bad {
					home := filepath.Join(dir, string(id))
					if err := errors.Join(os.MkdirAll(filepath.Join(home, "keys"), 0o700), damage(home, p)); err != nil {
						return err
					}
				}
				return nil
			}
			if p == queue.Undecodable || p == queue.Foreign { // no founding mends it
				if err := harm(); err != nil {
					return err
				}
			}
			if err := Found(dir, spec, clock.System().Now(), g.Log); err != nil {
				return err
			}
			if p == queue.Truncated {
				if err := harm(); err != nil {
					return err
				}
			}
			return os.WriteFile(filepath.Join(g.Dir, "poison"), fmt.Appendln(nil, p, n), 0o600)
		},
		// The CA answers, in whichever country has been opened in the directory by then.
		Good: func(context.Context) (func(context.Context) (bool, error), error) {
			return func(ctx context.Context) (bool, error) {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://country/ca/pairs", nil)
				if err != nil {
					return false, err
				}
				a, err := socketTransport(filepath.Join(dir, socketName)).RoundTrip(r)
				if err != nil {
					return false, err
				}
				return a.StatusCode == http.StatusOK, a.Body.Close()
			}, nil
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			page, err := read(ctx, c.URL+"/?lang=en")
			shown := map[string]bool{}
			for _, m := range regexp.MustCompile(`verifier-\d+ could not be started`).FindAllString(page, -1) {
				shown[m] = true
			}
			a.Counted, a.Shown = int64(len(c.Aside)), int64(len(shown))
			a.Reasons = []plain.Sentence{{JA: "起動できませんでした", EN: "could not be started"}}
			return a, err
		}}, nil
}

// startSpec is a country of n organisations that will be damaged, and those without which there is no country behind them.
func startSpec(g queue.Ground, n int) (*Spec, map[message.Org]bool) {
	spec, bad := new(Spec), map[message.Org]bool{}
	for i := range n {
		id := message.Org(fmt.Sprintf("%s-%04d", message.Verifier, i))
		bad[id] = true
		spec.Organisations = append(spec.Organisations, Entry{ID: id, Name: Name{JA: string(id), EN: string(id)}})
	}
	for _, r := range []message.Role{message.NationalCenter, message.CA, message.Validation} {
		spec.Organisations = append(spec.Organisations, Entry{ID: message.Org(r), Name: Name{JA: string(r), EN: string(r)}, Store: g.Store(string(r))})
	}
	return spec, bad
}

// damage puts into an organisation's directory what it cannot start with.
func damage(home string, p queue.Poison) error {
	switch p {
	case queue.Undecodable:
		return errors.Join(os.WriteFile(filepath.Join(home, "keys", "sign.key"), []byte("\xff\xff"), 0o600),
			os.WriteFile(filepath.Join(home, "keys", "tls.key"), []byte("\xff\xff"), 0o600))
	case queue.Truncated: // the beginning of a database, of one that has run before
		if _, err := sessionKey(keys.Dir(filepath.Join(home, "keys"))); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(home, "akashi.db"), []byte("SQLite format 3\x00\x10\x00"), 0o600)
	case queue.Foreign: // a key directory that is somebody else's file
		return errors.Join(os.RemoveAll(filepath.Join(home, "keys")), os.WriteFile(filepath.Join(home, "keys"), []byte("a file"), 0o600))
	}
	return nil
}

func read(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = errors.New(a.Status)
	}
	return string(text), err
}

// openTasksRig runs tasks in real time, as a country does, of which some fail, panic, or hang.
func openTasksRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	said := &journal{tasks: map[string]bool{}}
	var bell clock.Bell
	var mu sync.Mutex
	wanted, done := 0, 0
	tasks := []clock.Task{}
	start := sync.OnceFunc(func() {
		all := append(tasks, clock.Task{Name: "good", Bell: &bell, Step: func(context.Context) (time.Time, error) {
			mu.Lock()
			defer mu.Unlock()
			done = wanted
			return time.Time{}, nil
		}})
		go runTasks(ctx, clock.System(), all, slog.New(slog.NewJSONHandler(said, nil)))
	})
	return &queue.Rig{
		Plant: func(_ context.Context, p queue.Poison, n int) error {
			for i := range n {
				tasks = append(tasks, clock.Task{Name: fmt.Sprint("bad ", i), Within: g.Deadline, Step: func(context.Context) (time.Time, error) {
					switch p {
					case queue.Panic:
						panic("planted by the conformance kit")
					case queue.Hang:
						g.Hang()
					}
					return time.Time{}, errors.New("what it reads cannot be read")
				}})
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			start()
			mu.Lock()
			wanted++
			mine := wanted
			mu.Unlock()
			bell.Ring()
			return func(ctx context.Context) (bool, error) {
				return eventuallySo(ctx, func() bool {
					mu.Lock()
					defer mu.Unlock()
					return done >= mine
				}), nil
			}, nil
		},
		Aside: func(ctx context.Context) (queue.Aside, error) {
			eventuallySo(ctx, func() bool { return said.count() == int64(len(tasks)) })
			n := said.count()
			return queue.Aside{Counted: n, Shown: n, Reasons: []plain.Sentence{{JA: "仕事が失敗しました(記録)", EN: "a task failed, or does not come back"}}}, nil
		},
		Close: func() error { stop(); return nil }, // those that hang end with the kit's handler
	}, nil
}

// eventuallySo waits ten seconds of real time at most: the machine may be busy, and the kit judges how long it took.
func eventuallySo(ctx context.Context, so func() bool) bool {
	c := clock.System()
	for until := c.Now().Add(10 * time.Second); !so(); {
		if c.Now().After(until) || c.Wait(ctx, c.Now().Add(5*time.Millisecond), nil) != nil {
			return false
		}
	}
	return true
}

// journal reads the names of tasks that are said to fail.
type journal struct {
	mu    sync.Mutex
	tasks map[string]bool
}

var saidTask = regexp.MustCompile(`"msg":"task (?:failed|does not come back)","task":"([^"]*)"`)

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, m := range saidTask.FindAllSubmatch(b, -1) {
		j.tasks[string(m[1])] = true
	}
	return len(b), nil
}

func (j *journal) count() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return int64(len(j.tasks))
}

// openDoorsRig serves as a country's screens are served.
func openDoorsRig(_ context.Context, g queue.Ground) (*queue.Rig, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /good", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "good") })
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("planted by the conformance kit") })
	mux.HandleFunc("GET /hang", func(http.ResponseWriter, *http.Request) { g.Hang() })
	stop := serveWeb(ln, mux, g.Log)
	send := map[queue.Poison]string{queue.Undecodable: "\xff\xff\r\n\r\n", queue.Truncated: "GET /good HT", queue.Panic: "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n",
		queue.Hang: "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n"}
	var lines []net.Conn
	return &queue.Rig{
		Plant: func(_ context.Context, p queue.Poison, n int) error {
			for range n {
				line, err := net.Dial("tcp", ln.Addr().String())
				if err == nil {
					_, err = io.WriteString(line, send[p])
				}
				if err != nil {
					return err
				}
				if lines = append(lines, line); p == queue.Hang || p == queue.Truncated {
					continue // nothing comes of these
				}
				if answer, _ := bufio.NewReader(line).ReadString('\n'); strings.Contains(answer, "200") {
					return errors.New("a bad request was answered as a good one")
				}
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			text, err := read(ctx, "http://"+ln.Addr().String()+"/good")
			return func(context.Context) (bool, error) { return text == "good", nil }, err
		},
		Close: func() error {
			for _, l := range lines {
				l.Close()
			}
			stop()
			return nil
		}}, nil
}

// openAsksRig is a portal between organisations of which some cannot answer.
func openAsksRig(_ context.Context, g queue.Ground) (*queue.Rig, error) {
	var members []member
	add := func(id message.Org, h http.HandlerFunc) {
		members = append(members, newMember(Entry{ID: id}, nil, h))
	}
	return &queue.Rig{Close: func() error { return nil },
		Plant: func(_ context.Context, p queue.Poison, n int) error {
			for i := range n {
				add(message.Org(fmt.Sprint("bad-", i)), func(w http.ResponseWriter, r *http.Request) {
					switch p {
					case queue.Undecodable:
						w.Write(bytes.Repeat([]byte{0xff}, 9))
					case queue.Foreign:
						http.Error(w, "この団体の照会ではありません。 / not a question for this organisation", http.StatusForbidden)
					case queue.Panic:
						panic("planted by the conformance kit")
					case queue.Hang:
						g.Hang()
					}
				})
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			bad := len(members)
			add("good", func(w http.ResponseWriter, _ *http.Request) { answer(w, "good", nil) })
			defer func() { members = members[:bad] }()
			answers, silent := askAll[string](ctx, members, "/good")
			if len(silent) != bad {
				return nil, fmt.Errorf("%d of %d are named as silent", len(silent), bad)
			}
			return func(context.Context) (bool, error) { return answers["good"] == "good", nil }, nil
		}}, nil
}
