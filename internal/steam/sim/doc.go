// Package sim is a complete fake Steam over HTTP: login, inventories, trade
// offers, mobile confirmations, trade protection and OpenID, so exact that bot
// software made for Steam cannot tell. Steam's own paths and the control paths
// under /sim/ are one [http.Handler].
//
// The world is one state value. Everything that changes it is a command (see
// command.go) which is written to the journal before it is applied and before
// the HTTP answer leaves; the same apply runs live and in replay, and draws ids
// from counters in the state. So a world opened after a kill is the world that
// answered, with its faults and what its limits have counted, and the same seed,
// clock and requests give the same ids, tokens and keys.
//
// The simulation never reads the wall clock: [Options.Now] is its time. What
// happens by itself (payers' answers, expiry, settlement, reversals, ends of
// holds) waits in a queue that [Sim.NextDue] shows and [Sim.Step] works off.
//
// To read it: world.go (what is seeded), state.go (what is remembered),
// offer.go and trade.go (the moves), due.go (what happens by itself),
// server.go (routes) and then the page of each surface.
package sim
