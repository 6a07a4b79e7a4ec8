package db

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errStandby refuses a server that follows another one: what it shows is old, or
// may never have been.
var errStandby = errors.New("this server is a standby: name the primary, or both as postgres://HOST1,HOST2/NAME")

// silent is how long a server may leave what it was sent without a sign that it
// has arrived. After that its machine is gone, and the connection ends.
const silent = 6 * time.Second

// primary is how to connect to a target: of several hosts to the one that is the
// primary, whatever target_session_attrs says, for reads too.
func primary(target string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(target)
	if err != nil {
		return nil, err
	}
	config.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		if config.DefaultQueryExecMode == pgx.QueryExecModeCacheDescribe { // a pooler repeats what the server said long ago
			return pgconn.ValidateConnectTargetSessionAttrsPrimary(ctx, c)
		}
		if c.ParameterStatus("in_hot_standby") == "on" {
			return errStandby
		}
		return nil
	}
	d := net.Dialer{Control: control, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silent / 2, Interval: time.Second, Count: int(silent / 2 / time.Second)}}
	config.DialFunc = d.DialContext
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = silent // for each host
	}
	return config, nil
}

// control bounds how long the kernel repeats what nobody acknowledges: without
// it a connection to a machine that has lost power would hang for a quarter of
// an hour.
func control(network, _ string, c syscall.RawConn) error {
	if runtime.GOOS != "linux" || network == "unix" {
		return nil
	}
	const userTimeout = 0x12 // TCP_USER_TIMEOUT, in milliseconds
	var set error
	err := c.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(silent.Milliseconds())) // #nosec G115 -- a descriptor
	})
	return errors.Join(err, set)
}
