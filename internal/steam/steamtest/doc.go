// Package steamtest is the contract of [steam.Client] as a test suite: what a
// client promises against a Steam server, whichever client and whichever server.
//
// [Run] needs a [Fixture]: a server with a few accounts, and hooks for what the
// suite cannot do through the client, such as the partner's answers, time and
// lost answers.
//
// [CheckAnswer] is the same for the server: what each kind of answer looks like
// on the wire, member by member.
package steamtest
