// Package hsm signs with keys that lie in devices (HSM: 鍵を守る装置), and outlives the devices.
//
// In 2016 an HSM stalled fifteen times when somebody's monitor asked it at the wrong moment, and the relay servers stalled
// with it; another process crashed on a timeout, and nothing was left to find out why. Here each token is served by a
// process of its own (package token). Every call has a deadline. A token that stalls, dies, answers garbage or fails is
// fenced: what its process was doing is written down as evidence, the process is killed, and the call is made again on
// another token that holds the key. A fenced token is started again after a pause that grows, and is used only when a
// signature of each of its keys was checked; one that fails too often in use stays out until a person has looked at it.
//
// Every signature is checked with the public key before anybody gets it, and a caller gets one or none. A call that was made
// again may have been carried out twice by the devices, so whoever calls has written down before what it is for, and keeps
// one signature under that intent. docs/decisions/0027-a-process-for-each-token.md says why it is so.
package hsm
