// Package nation starts any set of organisations (試験国): the whole country in one process, every organisation in a
// process of its own, or one organisation alone.
//
// A country is described by a file, nation.yaml: which organisations there are. Founding (found.go) gives each a
// directory of its own with its keys, its certificates from the infrastructure CA, and the trust it needs; it does
// nothing to what is already there, so that the same directory goes on where it stopped.
//
//	DIR/nation.yaml            the country
//	DIR/root/                  the infrastructure CA's key
//	DIR/secrets/               the passphrases of the CA's sealed keys
//	DIR/<organisation>/        config.yaml, keys/, akashi.db: of this organisation alone
//	DIR/akashi.sock, .lock     the running country, for the command line
//
// In one process (Country) the organisations exchange through memory; between processes (Processes) over mutual TLS,
// each under a user of its own that can open no other's directory. The code of the organisations is the same.
//
// The portal leads to the organisations' screens and joins their answers; it has no data of its own.
package nation
