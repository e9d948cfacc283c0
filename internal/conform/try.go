package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

const (
	// limit is the second of the poison rule.
	limit = time.Second
	// patience is how long the kit waits, in real time, for a queue that does not come back at all.
	patience = 2 * time.Minute
	// slack is by how much the real time may be more than the limit, beyond what it takes without the poison: what the poison
	// costs there is work, and the machine may be busy. The figure is said in any case.
	slack = 10
	// look is what a start may take longer for each bad item: it has to look at each before it knows that it is bad.
	look = 10 * time.Millisecond
)

// try runs one case in a world of its own; start is how long the one without poison took, which sets it. Its error is the
// kit's, and not the queue's.
func (t trial) try(ctx context.Context, opt Options, start *time.Duration) (c Case, err error) {
	c.Case, c.queue = t.name(), t.queue.Name
	g, err := newGround(opt, t.engine)
	if err != nil {
		return c, err
	}
	if err := os.Mkdir(g.give(ctx).Dir, 0o700); err != nil {
		return c, err
	}
	g.start = start
	r := &run{trial: t, g: g, ground: g.give(ctx), real: opt.real}
	if r.real == nil {
		r.real = clock.System()
	}
	r.ground.Drive = func(ctx context.Context, d time.Duration) error { return r.driver.Until(ctx, g.clock.Now().Add(d)) }
	came := make(chan error, 1)
	bell := new(clock.Bell)
	go func() {
		came <- r.guarded(ctx)
		bell.Ring()
	}()
	wait := cmp.Or(opt.patience, patience+time.Duration(t.n)*t.deadline())
	if err := r.real.Wait(ctx, r.real.Now().Add(wait), bell.C()); err != nil {
		g.hang.end()
		return c, err
	}
	var why error
	select {
	case why = <-came:
	default: // It blocks. What hangs is let go, so that the databases can be closed.
		g.hang.end()
		r.real.Wait(ctx, r.real.Now().Add(patience), bell.C())
		why = fail(always, "%s(実時間)待っても、止まったままでした", "it stood still for %s of real time", wait)
	}
	g.hang.end()
	if err := g.remove(ctx); err != nil {
		return c, err
	}
	c.OK, c.Says = why == nil, r.story.JA+" / "+r.story.EN
	c.VirtualMS, c.RealMS = r.virtual.Milliseconds(), r.took.Milliseconds()
	if why != nil {
		c.Says = short(why.Error())
		c.slow = errors.As(why, new(*slow))
	}
	return c, nil
}

func (t trial) looking() time.Duration {
	if t.queue.Shape != queue.Start {
		return 0
	}
	return time.Duration(t.n) * look
}

// deadline is what a handler that hangs may cost, once.
func (t trial) deadline() time.Duration { return cmp.Or(t.queue.Deadline, deadline) }

// first is the first line of an error: a panic has its stack behind it.
func first(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// short leaves out stacks, and what a thousand tasks have to say one after the other.
func short(says string) string {
	const most = 600
	var kept []string
	for line := range strings.SplitSeq(says, "\n") {
		if line != "" && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "goroutine ") && !strings.Contains(line, "(0x") && !strings.Contains(line, "({0x") {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	runes := []rune(strings.Join(kept, " "))
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return string(runes)
}

// failure is what a queue did wrong.
type failure struct{ plain.Sentence }

func (f *failure) Error() string { return f.JA + " / " + f.EN }

// slow is a failure that took too long: another look may show that it was the machine.
type slow struct{ *failure }

// fail says what went wrong at some moment. Both texts get the same values.
func fail(at plain.Sentence, ja, en string, values ...any) error {
	return failed(at, ja, en, values...)
}

func failed(at plain.Sentence, ja, en string, values ...any) *failure {
	s := plain.Sentence{JA: fmt.Sprintf(ja, values...), EN: fmt.Sprintf(en, values...)}
	if at.JA != "" {
		s = plain.Sentence{JA: at.JA + "、" + s.JA, EN: at.EN + ": " + s.EN}
	}
	return &failure{s}
}

// The moments of a case.
var (
	always    = plain.Sentence{}
	behindAll = plain.Sentence{JA: "悪いものが先頭にあるとき", EN: "behind the poison"}
	settled   = plain.Sentence{JA: "悪いものを別に置いた後", EN: "when the poison was set aside"}
	restarted = plain.Sentence{JA: "再起動の後", EN: "after a restart"}
)

// run is a case on its way.
type run struct {
	trial
	g      *ground
	ground queue.Ground
	real   clock.Clock
	rig    *queue.Rig
	driver *clock.Driver
	story  plain.Sentence

	virtual, took time.Duration // until the first good item had come through
}

func (r *run) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fail(always, "プログラムがパニックで終わるところでした: %v %s", "the program would have ended with a panic: %v %s", p, debug.Stack())
		}
		if r.rig != nil {
			r.g.hang.end()
			err = errors.Join(err, r.rig.Close())
		}
	}()
	return r.all(ctx)
}

func (r *run) all(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return fail(always, "空の状態から開けませんでした: %v", "it could not be opened empty: %v", err)
	}
	if r.n > 0 {
		if err := r.rig.Plant(ctx, r.poison, r.n); err != nil {
			return fail(always, "悪いものを先頭に置けませんでした: %v", "the poison could not be planted: %v", err)
		}
	}
	took, err := r.first(ctx)
	if err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if err := r.aside(ctx, settled); err != nil {
		return err
	}
	calls := r.g.hang.called()
	if _, err := r.good(ctx, settled); err != nil {
		return err
	}
	if again := r.g.hang.called() - calls; again > 1 {
		return fail(settled, "良いもの1件のために、戻らない処理を%d回呼びました", "the handler that hangs was called %d times before one good item", again)
	}
	if err := r.reopen(ctx); err != nil {
		return fail(settled, "再起動できませんでした: %v", "it could not be started again: %v", err)
	}
	if err := r.driver.Until(ctx, r.g.clock.Now().Add(limit)); err != nil {
		return fail(restarted, "処理そのものが失敗しています: %v", "the task itself fails: %v", first(err))
	}
	if err := r.aside(ctx, restarted); err != nil {
		return err
	}
	if _, err := r.good(ctx, restarted); err != nil {
		return err
	}
	if r.queue.Shape == queue.Request {
		r.story = plain.Sentence{
			JA: fmt.Sprintf("良いものは%sで答えられ、悪い%d件はその場で断られ、再起動しても同じ", took.JA, r.n),
			EN: fmt.Sprintf("the good item was answered after %s; %d refused to whoever brought them, also after a restart", took.EN, r.n)}
		return nil
	}
	r.story = plain.Sentence{
		JA: fmt.Sprintf("良いものは%sで通り、%d件は別に置かれて表示・計数され、再起動しても同じ", took.JA, r.n),
		EN: fmt.Sprintf("the good item came through after %s; %d set aside, shown and counted, also after a restart", took.EN, r.n)}
	if r.queue.Forgets != "" {
		r.story = plain.Sentence{
			JA: fmt.Sprintf("良いものは%sで通り、%d件は別に置かれて表示・計数され、再起動も通る", took.JA, r.n),
			EN: fmt.Sprintf("the good item came through after %s; %d set aside, shown and counted until a restart", took.EN, r.n)}
	}
	return nil
}

// first lets the first good item through behind the poison.
func (r *run) first(ctx context.Context) (plain.Sentence, error) {
	if r.queue.Shape != queue.Start {
		if r.restart {
			if err := r.reopen(ctx); err != nil {
				return plain.Sentence{}, fail(behindAll, "起動できません: %v", "it does not start: %v", err)
			}
		}
		return r.good(ctx, behindAll)
	}
	// What is gone through at the start is planted into what the start reads.
	done, err := r.rig.Good(ctx)
	if err != nil {
		return plain.Sentence{}, fail(behindAll, "良いものを置けませんでした: %v", "the good item could not be put there: %v", err)
	}
	begun := r.real.Now()
	if err := r.reopen(ctx); err != nil {
		return plain.Sentence{}, fail(behindAll, "起動できません: %v", "it does not start: %v", err)
	}
	return r.through(ctx, behindAll, done, begun)
}

// good puts a good item behind everything and requires that it comes through.
func (r *run) good(ctx context.Context, at plain.Sentence) (plain.Sentence, error) {
	begun := r.real.Now()
	done, err := r.rig.Good(ctx)
	if err != nil {
		return plain.Sentence{}, fail(at, "良いものを受け付けませんでした: %v", "a good item was not taken: %v", err)
	}
	return r.through(ctx, at, done, begun)
}

// looks are the moments of virtual time at which the kit looks whether an item has come through. Those beyond the limit
// only tell how far a queue is from the rule.
var looks = []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, limit,
	10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour}

// through steps the queue until the item has come through, and judges how long that took.
func (r *run) through(ctx context.Context, at plain.Sentence, done func(context.Context) (bool, error), begun time.Time) (plain.Sentence, error) {
	virtual, calls := r.g.clock.Now(), r.g.hang.called()
	var tasks error
	for _, after := range looks {
		tasks = r.driver.Until(ctx, virtual.Add(after))
		if ctx.Err() != nil {
			return plain.Sentence{}, ctx.Err()
		}
		ok, err := done(ctx)
		if err != nil {
			return plain.Sentence{}, fail(at, "良いものがどうなったか分かりません: %v", "it cannot be told what became of the good item: %v", err)
		}
		if ok {
			if at == behindAll {
				r.virtual, r.took = after, r.real.Now().Sub(begun)
			}
			return r.judge(at, after, r.real.Now().Sub(begun), r.g.hang.called()-calls)
		}
	}
	if at == behindAll {
		r.virtual, r.took = looks[len(looks)-1], r.real.Now().Sub(begun)
	}
	if tasks == nil {
		tasks = errors.New("-")
	}
	return plain.Sentence{}, fail(at, "良いものが%s(仮想時間)たっても通りません。(%v)", "a good item had not come through after %s of virtual time (%v)",
		looks[len(looks)-1], tasks)
}

// judge says whether an item came through in time: virtual time, real time, and calls of the handler that hangs.
func (r *run) judge(at plain.Sentence, virtual, took time.Duration, calls int) (plain.Sentence, error) {
	short := took.Round(time.Millisecond)
	switch {
	case virtual > limit:
		// On a machine that is busy enough a handler misses its deadline, which is in real time, and waits its turn.
		return plain.Sentence{}, &slow{failed(at, "良いものが通るまでに、仮想時間で%s(最大%s)かかりました", "a good item came through only within %[2]s of virtual time, more than %[1]s",
			limit, virtual)}
	case r.poison == queue.Hang && calls > r.n:
		return plain.Sentence{}, fail(at, "良いものが通るまでに、戻らない処理を%d回呼び、%sかかりました",
			"the handler that hangs was called %d times and took %s before a good item came through", calls, short)
	case r.poison == queue.Hang && took > *r.g.start+time.Duration(r.n)*r.deadline()+limit:
		return plain.Sentence{}, &slow{failed(at, "良いものが通るまでに、実時間で%sかかりました。戻らない処理の期限%sの%d回分より長い時間です",
			"a good item came through only after %s of real time, which is more than the deadline of %s for each of %d", short, r.deadline(), r.n)}
	case r.poison == queue.Hang:
		// In real time, because what hangs is a device or a fault of the program.
		return plain.Sentence{
			JA: fmt.Sprintf("実時間%s(期限%sを%d回まで)", short, r.deadline(), r.n),
			EN: fmt.Sprintf("%s of real time, at most %d deadlines of %s among it", short, r.n, r.deadline())}, nil
	case r.n == 0:
		if *r.g.start == 0 { // the later goods of the case are no starts
			*r.g.start = took
		}
	case took-*r.g.start > slack*limit+r.looking():
		return plain.Sentence{}, &slow{failed(at, "良いものが通るまでに、実時間で%sかかりました。悪いものがなければ%sです",
			"a good item came through only after %s of real time; without the poison it is %s", short,
			(*r.g.start).Round(time.Millisecond))}
	}
	if r.queue.Shape == queue.Start {
		return plain.Sentence{JA: "実時間" + short.String() + "(起動の全体)", EN: short.String() + " of real time, the whole start"}, nil
	}
	return plain.Sentence{
		JA: fmt.Sprintf("仮想時間%s以内(実時間%s)", virtual, short),
		EN: fmt.Sprintf("at most %s of virtual time, %s of real time", virtual, short)}, nil
}

// settle gives the queue the time that it takes to give up on the bad items.
func (r *run) settle(ctx context.Context) error {
	if err := r.driver.Until(ctx, r.g.clock.Now().Add(r.queue.Settles)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fail(settled, "悪いもののために、処理そのものが失敗し続けています: %[1]v", "because of it the task itself keeps failing: %[1]v", first(err))
	}
	return nil
}

// aside requires that the bad items, all of them and nothing else, are counted, shown, and explained.
func (r *run) aside(ctx context.Context, at plain.Sentence) error {
	if r.queue.Shape == queue.Request {
		return nil
	}
	a, err := r.rig.Aside(ctx)
	if err != nil {
		return fail(at, "別に置いたものを見られません: %v", "what was set aside cannot be seen: %v", err)
	}
	want := int64(r.n)
	if r.queue.Forgets != "" && at == restarted {
		want = 0
	}
	if a.Counted != want || a.Shown != want {
		return fail(at, "悪いもの%d件のうち、数えられているのは%d件、表示されているのは%d件です",
			"of %d bad items %d are counted and %d are shown", want, a.Counted, a.Shown)
	}
	if want > 0 && len(a.Reasons) == 0 {
		return fail(at, "別に置かれた理由がどこにもありません", "no reason is given for what was set aside")
	}
	for _, reason := range a.Reasons {
		if reason.JA == "" || reason.EN == "" {
			return fail(at, "理由が日本語と英語の両方ではありません: %q", "a reason is not in both languages: %q", reason.String())
		}
	}
	return nil
}

func (r *run) open(ctx context.Context) error {
	if r.queue.Open == nil {
		return errors.New("nobody has built a rig for this queue")
	}
	rig, err := r.queue.Open(ctx, r.ground)
	if err != nil {
		return errors.Join(err, r.g.err)
	}
	r.rig, r.driver = rig, clock.NewDriver(r.g.clock, rig.Tasks)
	return nil
}

func (r *run) reopen(ctx context.Context) error {
	rig := r.rig
	r.rig = nil
	if err := rig.Close(); err != nil {
		return err
	}
	return r.open(ctx)
}
