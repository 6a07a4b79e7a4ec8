// Package money holds amounts in the ledger's unit and exact decimal rates.
//
// An [Amount] counts thousandths of a US dollar. Nothing here uses floating
// point: amounts are parsed and printed by hand, products are exact until they
// are rounded once. Adding reports overflow instead of wrapping. Only the room
// pricing decides where rounding happens; the one rounding rule, half up, is
// here.
package money
