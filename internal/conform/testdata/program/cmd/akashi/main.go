// Command akashi is a small program with one of each mark, for TestUnregisteredQueueIsFound.
package main

import "example.org/program/internal/work"

func main() { runUp() }

func runUp() error { return work.Start() }
