// Package deposit is about a payer who gives items and a merchant who is
// credited: the link, the choice, the trade, the hold, the credit.
//
// A deposit is opened by a merchant with a link that lives an hour. The payer
// names his account, sees his items with prices that stand for fifteen minutes,
// and chooses; that fixes the amount and writes the intent of a trade in the
// same commit. From then on the deposit moves only by what Steam reports of that
// trade, and credits only what stands in the trade's own receipt (G6). Items
// under trade protection are credited when their hold is over.
//
// Items without protection are credited when their trade is settled, which
// follows its acceptance at once: no record is needed twice, and a trade that
// Steam has doubts about is never credited.
//
// Every move is one transaction: a guarded update, a history row, the ledger
// and the event. The states and moves are in state.go.
package deposit
