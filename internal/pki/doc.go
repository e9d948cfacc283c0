// Package pki says who speaks on a line: the infrastructure CA (組織認証) that certifies organisations, the trust in it,
// and the TLS settings that rest on both. It also holds the signing step that all certificates of the program share.
//
// The infrastructure CA is not the citizens' CA (認証局): it certifies a municipality, a prefecture or a center for
// speaking TLS and for signing messages, and no person. The certificates of persons are built in pki/jpki, the wire
// form of their status in pki/ocspwire. What an applicant brings is judged in pki/csr and pki/subjectkey.
//
// One policy holds everywhere, and Trust is the only place that applies it: a leaf directly below a trusted root, exactly
// one URI in the subject alternative name, of scheme "akashi" and naming the organisation, and the extended key usage
// of what it is used for. Names in the subject mean nothing.
package pki
