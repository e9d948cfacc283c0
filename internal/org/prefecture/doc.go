// Package prefecture is the prefecture's server (都道府県サーバ): it keeps the 本人確認情報 of its residents and passes what its
// municipalities notify on to the national center.
//
// What comes in, and what goes out:
//
//   - resident.change of a municipality (住民基本台帳法30条の5): it is kept, and relayed unchanged (30条の11①).
//   - resident.invalidation of a municipality: it is relayed at once. It waits for no change.
//
// A change that parks at the national center is "sent again corrected" with the state that the prefecture holds today;
// a correction itself is made at the counter, by a further change.
package prefecture
