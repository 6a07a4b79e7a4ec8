// Package skinsback is the door that speaks the merchant API which sites
// already integrate, byte for byte. It holds no state of its own besides rate
// limits: it authenticates, reads parameters, calls one room and writes the
// answer in the old format.
//
// One request goes through the files in this order: door.go (routes, limits on
// size and time), body.go with json.go and form.go (one map of parameters from
// three encodings), auth.go with sign.go (who is it), limit.go, then the method
// from the table in method.go. Answers are written by answer.go; refusals stand
// in refusal.go. encode.go is the other direction: the bodies and signatures of
// notifications, for the room webhook.
//
// Every answer is HTTP 200 with one JSON object, also for errors: callers treat
// anything else as a broken connection.
package skinsback
