// Package conform is the kit that holds the program to what it promises of itself (適合試験): `akashi conform queue` puts
// items that cannot be processed at the head of every queue (internal/queue) and asks for the next good one.
package conform
