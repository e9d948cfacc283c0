// Package document makes the papers that a municipality gives out (証明書): the copy of a resident record (住民票の写し) and the certificate of
// a registered seal (印鑑登録証明書), as signed PDF files.
//
// What may stand on a paper is decided here, in ResidentRecord and SealRegistration: from records, the items asked for, who asks and
// where. What they give is a Paper, which holds all that will be seen. Draw turns it into bytes, the same bytes each time; Issue signs them.
//
// Every page bears the number of the document, its own number of all pages, and the binding (綴り番号): sixteen characters of a digest over the request,
// who made it, each person with the version of the record and of the protection flag, the form, and every value shown. Pages of two
// documents never bear the same one, so none passes as a page of another.
//
// A document is judged before it leaves by internal/document/gate, against a Paper made anew from the register.
//
// It refuses: an item that this request may not have (the resident record code at a kiosk), a protected person's record without a release, a deleted
// record, persons of two households on one paper; a value too long for its box; a character that none of the fonts has. Nothing is left out,
// cut off or replaced.
//
// It knows no database and no organisation: residents, request, issuer, fonts, time and key are arguments.
package document
