// Package app wires the gateway together: ground, rooms, doors, loops, and a
// stop that finishes what runs. It holds no rules of its own.
//
// [NewGateway] is the same for every way of running. The sandbox adds a
// simulated Steam on its own listener and the control of its world's time; the
// gateway reaches that Steam only over HTTP.
package app
