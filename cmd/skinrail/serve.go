package main

import (
	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

const serveHelp = `Run the gateway against the real Steam: on one machine with SQLite or PostgreSQL, or as
many processes with different --roles on one PostgreSQL. It does not start without
--public-url, --key-file and Steam's addresses, and never uses the simulated Steam.

Every flag may stand in the file of --config, there also in tables:

  public-url = "https://pay.example.com"
  key-file   = "/etc/skinrail/key"
  database   = "postgres://skinrail@db.internal/skinrail"

  [steam]
  url     = "https://steamcommunity.com"
  api-url = "https://api.steampowered.com"`

func serveCommand() *cobra.Command {
	s := app.Defaults()
	var level string
	cmd := &cobra.Command{
		Use:     "serve --config FILE",
		Short:   "Run the gateway against the real Steam",
		Long:    serveHelp,
		Example: "  skinrail serve --config /etc/skinrail/skinrail.toml\n  skinrail serve --config /etc/skinrail/skinrail.toml --roles worker,bot",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if s.Log, err = logger(level); err != nil {
				return err
			}
			s.Out, s.Version = cmd.OutOrStdout(), version
			return told(s.Run(cmd.Context()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "address of the gateway; port 0 takes a free one")
	f.StringVar(&s.AdminListen, "admin-listen", "127.0.0.1:0", "address for profiling; keep it on loopback")
	f.StringVar(&s.SocketListen, "legacy-ws-listen", "", "further address for websockets of very old clients, without TLS")
	f.StringVar(&s.PublicURL, "public-url", "", "where payers and merchants reach the gateway")
	f.StringVar(&s.KeyFile, "key-file", "", "file with the key of the database's secrets, 64 hexadecimal digits")
	f.Var(&s.TrustedProxies, "trusted-proxies", "proxies whose X-Forwarded-For is believed, with commas between them")
	f.Var(&s.Roles, "roles", "what this process does, with commas between them")
	f.DurationVar(&s.Lease, "lease-length", s.Lease, "how long a process may be silent before others take over its work; the same in all")
	f.BoolVar(&s.AllowPrivate, "allow-private-endpoints", false, "send notifications also to loopback and private addresses, and by plain http")
	f.Var(&s.Games, "games", "games that are traded, with commas between them")
	f.Var(&s.Protected, "protected-games", "games under Steam's trade protection")
	f.StringVar(&s.Prices, "prices", "", "TOML file that names price sources, rates and bands")
	f.StringVar(&s.Pictures, "picture-url", "", "where items' pictures are fetched, …/economy/image; without it they are drawn")
	f.StringVar(&s.Replica, "replica", "", "folder of Litestream's replica of --data: /metrics then tells how old it is")
	f.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&s.Steam.Community, "steam-url", "", "base URL of the Steam community")
	f.StringVar(&s.Steam.API, "steam-api-url", "", "base URL of Steam's Web API")
	f.DurationVar(&s.Poll, "steam-poll", s.Poll, "how often a bot looks at its offers")
	f.DurationVar(&s.Pace.Login, "steam-login-gap", s.Pace.Login, "least time between two logins from this address")
	f.DurationVar(&s.Pace.Inventory, "steam-inventory-gap", s.Pace.Inventory, "least time between two inventory pages")
	f.DurationVar(&s.Pace.Confirmation, "steam-confirmation-gap", s.Pace.Confirmation, "least time between two lists of confirmations")
	f.DurationVar(&s.Pace.Request, "steam-request-gap", s.Pace.Request, "least time between any two requests")
	f.DurationVar(&s.Pace.Penalty, "steam-login-penalty", s.Pace.Penalty, "how long no login is tried after Steam refused one")
	storeFlags(cmd, &s.Store)
	return cmd
}

func migrateCommand() *cobra.Command {
	var s app.Store
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema of a database up to date",
		Long:  "Bring the schema of a database up to date. serve does it too when it starts. Processes of\nthe version before go on working on the new schema.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return told(app.Migrate(cmd.Context(), s, cmd.OutOrStdout()))
		},
	}
	storeFlags(cmd, &s)
	return cmd
}
