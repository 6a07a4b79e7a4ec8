// Package merchant knows who may use the gateway: projects, their settings and
// their secrets.
//
// It promises that what it hands out is at most a second old, also when another
// process made the change, and that a project can be read on every request
// without touching the database. Secrets are sealed in their rows, bound to
// project, purpose and slot; during a rotation two of a purpose are alive. The
// running totals of a project are changed by the transactions that move the
// money they count.
//
// It knows no wire format: how a secret signs something is the business of the
// doors. Whoever hands out a URL of a project checks it first.
package merchant
