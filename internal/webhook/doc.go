// Package webhook tells merchants what happened: one delivery per event and
// endpoint, sent until the endpoint answers 2xx.
//
// It promises (G8) that every event for a configured endpoint ends delivered,
// superseded by a newer status of its subject, or listed as failed; none
// vanishes: delivered and superseded ones are kept for [Life]. Delivery is at least once: a receiver may see one twice, always
// with the same event id and the same bytes. Of one subject at most one
// delivery is in flight. A newer status replaces an older one that was tried
// and not delivered; one that was never tried goes first.
//
// Nothing is sent from memory. [Service.FanOut] turns events into deliveries in
// the write that moves its cursor. [Service.Claim] leases what is due, by the
// wall clock, so that a crashed sender's claim is taken again; due times are of
// the world's clock. [Service.Attempt] makes one HTTP try and stores its
// outcome, guarded by the number of the claim. At most four tries are in
// flight per host, so one slow endpoint delays only itself (G9).
//
// It imports event and merchant; what goes over the wire is decided by an
// [Encoder], which the door that speaks the format provides. [Guard] is the
// only way out: it refuses addresses that are not public (Q6).
package webhook
