package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// sign is a name of the kernel that a process holds for as long as it lives: a
// socket without a file. The kernel frees it with the process, however that
// ends, and not before; a process that is frozen keeps it. Whoever shares the
// kernel and the network with it can tell at once that it is gone, without
// waiting until it has been silent for long enough.
type sign struct {
	place  string // names the boot of the machine and the network in it
	socket *net.UnixConn
}

// hold makes the sign of a node and returns the node's name, which tells where
// to look for it. Where there are no such names the node has no sign, and others
// go by its silence.
func hold(node string) (*sign, string) {
	s := &sign{place: place()}
	if s.place == "" {
		return s, node
	}
	node += "@" + s.place
	socket, err := net.ListenUnixgram("unixgram", address(node))
	if err != nil {
		return &sign{}, strings.TrimSuffix(node, "@"+s.place)
	}
	s.socket = socket
	return s, node
}

// place is empty where names of the kernel are not known to be good.
func place() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	network, err2 := os.Readlink("/proc/self/ns/net")
	if runtime.GOOS != "linux" || errors.Join(err, err2) != nil {
		return ""
	}
	return short(string(boot) + network)
}

func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func address(node string) *net.UnixAddr {
	return &net.UnixAddr{Net: "unixgram", Name: "@skinrail-" + short(node)}
}

// gone reports whether a node's process is proven to have ended: it had its sign
// in this place, and nobody holds that any more. Any doubt is a no.
func (s *sign) gone(node string) bool {
	if s.socket == nil || !strings.HasSuffix(node, "@"+s.place) {
		return false
	}
	c, err := net.DialUnix("unixgram", nil, address(node))
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// drop gives the sign up: nothing works under its node any more.
func (s *sign) drop() error {
	if s.socket == nil {
		return nil
	}
	return s.socket.Close()
}
