// Package cash books a merchant's money in and out: what he pays in, and what
// is paid out to him, between outside/cash and his available balance.
//
// It promises that a transfer is booked once: its reference is unique in the
// project. Amounts above a limit, a setting of the gateway, are only proposed
// and need a second person; a proposed payout's money is set aside at once, so
// that it cannot be spent meanwhile. Booking, ledger, totals and the event
// balance.changed are one commit. The bookings of a project are numbered
// without holes in the order of their times, so that listing them never counts.
//
// States: state.go; its diagram is docs/states/cash.md. Operators call it
// through the command line. It does not move money at any bank, and it takes an
// operator's name on trust: whoever may write the database may use any name.
package cash
