// Package message is everything that crosses an organisation's border (電文): the kinds of message and who may send
// which to whom (kinds.go), the envelope and the signed batch that carry them (envelope.go, batch.go), the payloads
// with every field checked as it is read, and the outcomes that come back (outcome.go).
//
// The wire form is protobuf, published in api/akashi/v1; docs/messages.md is generated from the table of kinds.
// Signatures and hashes cover the bytes that were received, never a re-encoding, so that anybody can check them with
// openssl and sha256sum; testdata/vectors holds messages with the verdict that a receiver must come to.
//
// Batch, hash and signature: a message's hash is the RFC 6962 leaf hash of its envelope; the sender signs, with the
// key that the infrastructure CA (組織認証) certified, a head that holds the Merkle root over the batch's envelopes.
package message
