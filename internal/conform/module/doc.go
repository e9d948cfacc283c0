// Package module tries a PKCS #11 module, its device and its monitor together, before anybody's certificates depend on them
// (適合性評価).
//
// In 2016 an HSM that had served elsewhere without a fault was put beside another hardware monitor and another setting, and nobody
// tried them together. It stalled when the monitor's interrupt met its own; no error, no log. Months of load did not show it
// where the monitor did not run (source 002).
//
// So Try signs under load without the monitor and with it, in turns, and between them brings about what a device must come
// back from: its process killed in the middle of calls, its login lost, more sessions than it has, a key that is not there, a
// time in which nobody asks. Every signature is checked. A long trial is many rounds of the same. It judges by what
// package hsm, which the program signs with, makes of the device.
//
// It gives no wrong PIN, and stops at the first time that its PIN is refused: no trial locks a device.
package module
