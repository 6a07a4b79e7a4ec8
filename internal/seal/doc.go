// Package seal keeps secrets unreadable at rest and out of logs.
//
// A [Box] seals a secret with XChaCha20-Poly1305 under a key that lives outside
// the database. What is sealed for one row opens only for that row: whoever can
// write to the tables cannot move a secret from one place to another. A
// [Secret] is text that prints as [redacted] wherever it is formatted, logged
// or encoded.
package seal
