// Package quickstart keeps the garbage collector from running once while the
// program starts, which takes 2 of 12 ms: every window of an editor starts a
// server and waits for it. It has to be initialised before the libraries that
// fill the first 4 MB of heap, and so it imports nothing of them.
package quickstart

import "runtime/debug"

// percent lets the heap reach 8 MB before it is collected for the first time.
const percent = 200

var _ = debug.SetGCPercent(percent)
