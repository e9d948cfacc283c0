// Package protection keeps who is protected from being found (DV等支援措置): a flag, with one owner, that every organisation holds that
// holds the person, and that whatever shows or issues asks first.
//
// The owner is the municipality that decided. It counts the versions of its flag; each is a fact that nothing takes back but the
// end of exactly this version, so that flags commute: set twice, late or in another order they mean the same. A person is
// protected while the last version of any owner's flag has not ended. An end that names an older version is kept, and changes nothing:
// in 2025 an old list of ended measures cleared a flag that had been set again six days before (目黒区).
//
// A flag holds from the moment of application (仮の措置), and no clock ends it: when its term is over it holds until two persons
// end it. It is known by the record code and needs no record, so that it is there before the record is.
//
// Whoever shows or issues asks a Gate. An error is a refusal. What is behind the gate is opened by a Release (一時解除): for one person,
// one clerk and one purpose, asked for by one and granted by another, and over by itself.
package protection
