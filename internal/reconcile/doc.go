// Package reconcile compares what Steam shows of a bot with what is stored
// here, and keeps each difference under a name until it is gone (G14, I28).
//
// Comparing is a pure function of two views. The bot door reads both right
// after it has moved its trades, so that nearly nothing is in flight; what is
// seen in two looks in a row is a drift that a person has to know of. Nothing
// is corrected here.
package reconcile
