package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

// errUsage marks what the caller wrote wrong: exit code 2.
var errUsage = errors.New("wrong usage")

func usage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errUsage, err)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "skinrail",
		Short:         "An open, self-hosted payment gateway for game skins",
		Long:          "An open, self-hosted payment gateway for game skins.\n\nStart with:  skinrail sandbox\n\nEach flag can also be set in the environment as SKINRAIL_FLAG_NAME, or in a\nTOML file named by --config.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return usage(settle(cmd))
		},
		RunE: func(cmd *cobra.Command, args []string) error { return usage(cmd.Help()) },
	}
	root.PersistentFlags().String("config", "", "TOML file with flags; the environment and flags win")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(sandboxCommand(), serveCommand(), migrateCommand(), auditCommand(), maintenanceCommand(), clockCommand(), projectCommand(), priceCommand(), doctorCommand(), botCommand(), orderCommand(), simulateCommand(), backupCommand(), restoreCommand(), keyLostCommand())
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = noArguments
		}
	}
	return root
}

var noArguments = wanted(cobra.NoArgs)

func logger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usage(fmt.Errorf("--log-level %q: want debug, info, warn or error", level))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l})), nil
}

func sandboxCommand() *cobra.Command {
	var s app.Sandbox
	var level string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run everything in one process with a simulated Steam",
		Long:  "Run everything in one process: the gateway, its database in a folder, a simulated\nSteam, and a world of merchants, bots and payers. Needs no network and no accounts.\nStarting again on the same folder continues where it stopped.",
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
	f.StringVar(&s.SteamListen, "steam-listen", "127.0.0.1:8090", "address of the simulated Steam")
	f.StringVar(&s.AdminListen, "admin-listen", "127.0.0.1:0", "address for profiling; keep it on loopback")
	f.StringVar(&s.SocketListen, "legacy-ws-listen", "", "further address for websockets of very old clients, without TLS")
	f.StringVar(&s.Data, "data", "./skinrail-data", "folder for everything that is kept")
	f.StringVar(&s.Database, "database", "", "PostgreSQL URL; without it SQLite in the data folder")
	f.StringVar(&s.World, "world", "", "world file for a new folder; without it the built-in world")
	f.Int64Var(&s.Seed, "seed", 0, "seed of the built-in world in a new folder")
	f.Var(&s.Games, "games", "games that are traded, with commas between them")
	f.Var(&s.TrustedProxies, "trusted-proxies", "proxies whose X-Forwarded-For is believed, with commas between them")
	f.StringVar(&s.Prices, "prices", "", "TOML file that names price sources, rates and bands")
	f.StringVar(&s.Pictures, "picture-url", "", "where items' pictures are fetched, …/economy/image; without it they are drawn")
	f.StringVar(&s.Replica, "replica", "", "folder of Litestream's replica of --data: /metrics then tells how old it is")
	f.StringVar(&s.ReadyFile, "ready-file", "", "JSON file to write once when ready")
	f.StringVar(&level, "log-level", "warn", "debug, info, warn or error")
	return cmd
}

func storeFlags(cmd *cobra.Command, s *app.Store) {
	cmd.Flags().StringVar(&s.Data, "data", "./skinrail-data", "folder of the gateway")
	cmd.Flags().StringVar(&s.Database, "database", "", "PostgreSQL URL, instead of a folder")
}

func auditCommand() *cobra.Command {
	var s app.Store
	var kept string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove the books: recompute every balance, hold and transaction",
		Long: "Prove the books: recompute every balance, hold and transaction, compare them with what\neach order says, and print what was checked and the first wrong row. Works while the\ngateway runs. Exit code 1 when anything is wrong: then no money moves until an audit\nfinds the books right. Keep the line of the newest " +
			"seal elsewhere: with --seal a later\naudit proves that nothing before it was made anew.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return told(app.Audit(cmd.Context(), s, kept, cmd.OutOrStdout()))
		},
	}
	cmd.Flags().StringVar(&kept, "seal", "", "a seal that an earlier audit printed, N:HASH")
	storeFlags(cmd, &s)
	return cmd
}

func doctorCommand() *cobra.Command {
	var d app.Doctor
	var release bool
	var settled, credited string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say which bots cannot work, and where Steam differs from the records",
		Long: "Say which bots cannot work and why, and where Steam differs from the records. The\nrunning gateway compares them every hour; a difference seen only once may have been a\n" +
			"trade on its way. Exit code 1 when a bot cannot work, a difference was seen twice, or a\nrestored database is still closed.\n\nskinrail order  tells more of one order.\n\nSome differences stay when they are dealt with: --settle ends those, with a name and a note.\n--credit takes an offer for paid that was accepted after its deposit had failed: the bot reads\nSteam's receipt and credits the deposit as if it had come in time. Its merchant was told that it\nfailed, which is final for him: ask him before.",
		Example: "  skinrail doctor\n  skinrail doctor --settle offer_late/7000000044 --by ann --note \"paid in, ref 7000000044\"\n  skinrail doctor --credit 7000000044 --by ann --note \"the shop agrees, ticket 9\"",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case release:
				return told(d.Release(cmd.Context(), cmd.OutOrStdout()))
			case settled != "":
				return told(d.Settle(cmd.Context(), settled, cmd.OutOrStdout()))
			case credited != "":
				return told(d.Credit(cmd.Context(), credited, cmd.OutOrStdout()))
			}
			return told(d.Run(cmd.Context(), cmd.OutOrStdout()))
		},
	}
	storeFlags(cmd, &d.Store)
	cmd.Flags().BoolVar(&d.JSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&release, "release", false, "open a restored database although Steam and the records differ")
	cmd.Flags().StringVar(&settled, "settle", "", "end a difference that is dealt with, KIND/WHAT")
	cmd.Flags().StringVar(&credited, "credit", "", "credit the deposit of a late offer, OFFER")
	cmd.Flags().StringVar(&d.By, "by", "", "who releases, settles or credits it")
	cmd.Flags().StringVar(&d.Note, "note", "", "how it was settled, why it is credited")
	return cmd
}

func maintenanceCommand() *cobra.Command {
	var s app.Store
	cmd := &cobra.Command{
		Use:       "maintenance on|off",
		Short:     "Make the merchant API answer that it is under maintenance, or work again",
		ValidArgs: []string{"on", "off"},
		Args:      cobra.MatchAll(arguments(1, 1), wanted(cobra.OnlyValidArgs)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return told(app.SetMaintenance(cmd.Context(), s, args[0] == "on", cmd.OutOrStdout()))
		},
	}
	storeFlags(cmd, &s)
	return cmd
}
