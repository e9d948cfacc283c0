package conform

import "github.com/akashi-id/akashi/internal/queue"

// declared are the functions that declare the program's queues, one of each package that has some. A test finds the
// packages that have a function Queues and stand not here.
var declared = []func() []queue.Queue{}
