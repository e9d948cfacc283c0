package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
)

// Engine is the kind of database behind a Store.
type Engine string

// The engines. Memory is SQLite without a file: it is not durable, and each Open makes a new, empty one.
const (
	SQLite   Engine = "sqlite"
	Memory   Engine = "memory"
	Postgres Engine = "postgres"
)

// Schema is a named set of migrations. FS holds files 0001_name.sql, 0002_name.sql … in its root, without gaps; see
// migrate.go for the rules.
type Schema struct {
	Name string
	FS   fs.FS
}

// SchemaIn is the schema whose migrations a package embeds from its folder schema.
func SchemaIn(name string, files embed.FS) Schema {
	sub, err := fs.Sub(files, "schema")
	if err != nil {
		panic(err) // the name is a constant
	}
	return Schema{name, sub}
}

// Options are what a Store needs from its surroundings.
type Options struct {
	Clock  clock.Clock   // where Tx.Now comes from; the system's when nil
	Log    *slog.Logger  // slog.Default() when nil
	Faults Faults        // only for tests; nil in a running program
	Stay   time.Duration // how long a function may leave its transaction alone; 0: the constant Stay
	// Beside is another Store of this process, in memory, whose database this one opens too: what two processes on one PostgreSQL schema are to each
	// other, for replays and tests of several nodes. They share the rows and nothing else: no bell, no serial number. nil in a running program.
	Beside *Store
}

// Faults makes commits fail, so that tests can show both halves of each fault: failed, and failed but applied.
type Faults interface {
	// BeforeCommit is called when a transaction is about to commit; an error stands for a commit that did not happen.
	BeforeCommit() error
	// AfterCommit is called when it has; an error stands for an answer that was lost on the way.
	AfterCommit() error
}

// Store is an open database. It may be used by several goroutines.
type Store struct {
	engine  Engine
	opt     Options
	lite    *liteStore  // SQLite, Memory
	pg      *sql.DB     // Postgres
	closing sync.Once   // SQLite, Memory
	left    atomic.Bool // closed: another Store may still be on the same database in memory
	inUse   sync.RWMutex
	turns   sync.RWMutex // Postgres: held alone by a transaction that is tried again
	closed  bool         // Postgres, under inUse
	serial  atomic.Int64
	commits atomic.Int64
	bells   sync.Map // name → *clock.Bell
	idle    chan *runner
}

// ErrClosed is returned for a Store that was closed.
var ErrClosed = errors.New("the store is closed")

// ErrNested is returned by Update and View when they are called inside a transaction of the same Store with its
// context: the inner one would wait for the outer one for ever, or not see what it wrote.
var ErrNested = errors.New("a transaction of this store is already open here; use its tx")

// ErrUnknown is wrapped by Update's error when the connection was lost during the commit: the transaction is either
// wholly applied or not at all, and only a look at the rows can tell.
var ErrUnknown = errors.New("the answer to the commit was lost; it may have been applied")

// Open opens, and where needed creates, the database at url and brings the schemas up to date:
//
//	sqlite:/var/lib/akashi/ca.db       a file, and beside it -wal, -shm and .lock
//	memory:                            not durable, empty, gone at Close
//	postgres://user@host/db?search_path=ca
//
// What it refuses, it refuses with a *plain.Problem: settings that are not durable, a file that another process holds,
// a database that a newer program wrote, a migration that was edited after it had been applied.
func Open(ctx context.Context, url string, opt Options, schemas ...Schema) (*Store, error) {
	if opt.Clock == nil {
		opt.Clock = clock.System()
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	s := &Store{opt: opt, idle: make(chan *runner, maxIdle)}
	var err error
	switch {
	case opt.Beside != nil:
		if url != "memory:" || opt.Beside.engine != Memory {
			return nil, errors.New("only a database in memory is opened beside another Store")
		}
		s.engine = Memory
		s.lite, err = opt.Beside.lite.again()
	case url == "memory:":
		s.engine = Memory
		s.lite, err = openLite(ctx, "", opt)
	case strings.HasPrefix(url, "sqlite:") && len(url) > len("sqlite:"):
		s.engine = SQLite
		s.lite, err = openLite(ctx, strings.TrimPrefix(url, "sqlite:"), opt)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		s.engine = Postgres
		s.pg, err = openPostgres(ctx, url)
	default:
		// The url is not quoted: it may hold a password.
		return nil, plain.Bad("store",
			"保管先のURLを読めません。sqlite:/ファイル、memory:、postgres://… のいずれかで書いてください。",
			"The store's URL cannot be read. Write sqlite:/file, memory: or postgres://….")
	}
	if err != nil {
		return nil, err
	}
	err = s.migrate(ctx, schemas)
	if err == nil {
		err = s.countOpening(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Engine tells which database this is.
func (s *Store) Engine() Engine { return s.engine }

// Commits is how many transactions this Store has committed durably since it was opened. On SQLite callers that came at the
// same time share one, and each costs one sync of the disk.
func (s *Store) Commits() int64 { return s.commits.Load() }

// Bell is the bell of a name, the same at each call. Tx.Ring rings it; so a package can tell the task that drains its
// table of new rows without knowing it.
func (s *Store) Bell(name string) *clock.Bell {
	b, _ := s.bells.LoadOrStore(name, new(clock.Bell))
	return b.(*clock.Bell)
}

// Close waits for the transactions that are open and closes the database. A second Close does nothing.
func (s *Store) Close() (err error) {
	defer s.dismiss()
	if s.pg == nil {
		s.closing.Do(func() {
			s.left.Store(true)
			err = s.lite.close()
		})
		return err
	}
	s.inUse.Lock() // each transaction holds it for reading
	defer s.inUse.Unlock()
	s.closed = true
	return s.pg.Close()
}

// Update runs fn in a transaction that is serializable against all others, and commits it durably. When fn returns an
// error, Update rolls back and returns that error as it is. A panic in fn rolls back and goes on in the caller.
//
// fn gets a context that marks the transaction; see ErrNested. fn may be called again; see the package doc. It must not
// wait for anything but the database: on SQLite, all other writers stand behind it.
func (s *Store) Update(ctx context.Context, fn func(context.Context, *Tx) error) error {
	ctx, err := s.enter(ctx)
	if err != nil {
		return err
	}
	if s.pg != nil {
		return s.updatePostgres(ctx, fn)
	}
	return s.updateLite(ctx, fn)
}

// View runs fn on one consistent snapshot, in which writing is refused.
func (s *Store) View(ctx context.Context, fn func(context.Context, *Tx) error) error {
	ctx, err := s.enter(ctx)
	if err != nil {
		return err
	}
	if s.pg != nil {
		return s.viewPostgres(ctx, fn)
	}
	return s.viewLite(ctx, fn)
}

type insideKey struct{ s *Store }

func (s *Store) enter(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ctx.Value(insideKey{s}) != nil {
		return nil, ErrNested
	}
	if s.left.Load() {
		return nil, ErrClosed
	}
	return context.WithValue(ctx, insideKey{s}, true), nil
}

// beforeCommit asks the faults of a test.
func (s *Store) beforeCommit() error {
	if s.opt.Faults == nil {
		return nil
	}
	return s.opt.Faults.BeforeCommit()
}

func (s *Store) afterCommit() error {
	if s.opt.Faults == nil {
		return nil
	}
	return s.opt.Faults.AfterCommit()
}
