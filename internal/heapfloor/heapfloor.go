// Package heapfloor keeps the garbage collector of a small process from running all the time (ヒープの下限).
//
// The collector runs when the heap has doubled. An organisation's process keeps some ten megabytes alive and allocates as much in a
// tenth of a second of work, so that a fifth of its CPU time went to looking at the same ten megabytes again. Hold counts
// 64 MiB more as alive, which nobody ever touches, so that they take addresses and no memory; the process grows by at most as much
// garbage. A large process collects as before.
//
// 小さいプロセスでは、ごみ集めが絶えず走ってCPUを使う。触れない領域を持って、その間隔をあける。実メモリーは最大で同じ大きさだけ増える。
package heapfloor

import (
	"math"
	"runtime/debug"
	"sync"
)

const size = 64 << 20

var (
	once sync.Once
	held []byte // without pointers, so that it is not looked at
)

// Hold holds the floor until the process ends, once however often it is called. Where the operator has set a limit for the memory
// (GOMEMLIMIT) there is none, because the addresses would count.
func Hold() {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	once.Do(func() {
		held = make([]byte, size)
		untouched(held)
	})
}
