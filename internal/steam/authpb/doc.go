// Package authpb holds the messages of Steam's IAuthenticationService and their
// protobuf wire form, both ways: the web client and the simulator share them.
//
// Each message lists its members once, with their field numbers; the codec in
// wire.go reads that list. Absent members are zero values and zero values are
// left out. Unknown fields, and known ones of another wire type, are skipped.
package authpb
