// Package pricing keeps what items are worth: prices, the coefficients at which
// the gateway takes and sells, and currency rates. It is the only place that
// decides on rounding: half up, once, to thousandths of USD, or to a currency's
// own digits for display.
//
// Everything is held in one snapshot in memory that is replaced as a whole, so
// a reader never sees half of a change. What another process has stored is seen
// after the next [Service.Load].
package pricing
