// Package risk keeps what is known of a Steam user: what he has handed over in
// deposits of all projects, what he took back, and what his inventories were
// worth when they were seen.
//
// The room deposit writes it in its own transactions, so that it agrees with
// the deposits. A merchant of the approval scheme reads it in the notification
// of a held deposit and decides by it whether to wait for the end of the hold.
// Amounts are thousandths of USD.
package risk
