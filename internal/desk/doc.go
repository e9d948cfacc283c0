// Package desk is the message desk (電文卓), the screens on which every organisation sees how its messages fare and on
// which two persons resolve those that are parked.
//
// An organisation mounts it under its own base path (Desk.Mount). The desk knows what messages are and nothing of what an
// organisation does with them: figures, reasons and resolutions are the exchange's, permissions those of package access.
//
// A message's page shows this organisation's view beside what the other side last said, and what people of both wrote.
// The content is not part of it. Who may look at persons opens it by a deliberate act, which is recorded as a look.
//
// The books have a page for each difference (case) and each finding of the self-audit. Where its key is a resident's code,
// opening it is a look at the resident, and the lists and the addresses do not show whose it is.
//
// The same figures are to be had as JSON, under api/status and api/trace, for those who may view messages. What a
// 住民票コード leads to is asked for by POST: it stands in no address.
package desk
