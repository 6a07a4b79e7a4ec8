// Package sandbox is the door that controls the simulated world: its world
// file, its clock, its payers and its faults. It exists in sandbox mode only.
//
// It plays payers through the deposit room's own moves and over HTTP against
// the simulated Steam, as the payment page and a person's phone would.
package sandbox
