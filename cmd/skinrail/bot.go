package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

const botHelp = `Add Steam accounts that trade for the gateway, see how they are, and take them out of
work. Works on the database itself, also while the gateway runs on it: it sees changes
within seconds. Name the gateway's folder with --data, or its PostgreSQL server with
--database (then its key file with --key-file).`

func botCommand() *cobra.Command {
	var b app.Bots
	cmd := &cobra.Command{
		Use:     "bot",
		Short:   "Add bots, see how they are, take them out of work",
		Long:    botHelp,
		Example: "  skinrail bot list\n  skinrail bot add --mafile 76561198000000101.maFile\n  skinrail bot quarantine example_bot",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return usage(cmd.Help()) },
	}
	f := cmd.PersistentFlags()
	f.StringVar(&b.Data, "data", "./skinrail-data", "folder of the gateway")
	f.StringVar(&b.Database, "database", "", "PostgreSQL URL, instead of the folder's database")
	f.StringVar(&b.KeyFile, "key-file", "", `key that seals secrets; without it the file "key" in the folder`)
	f.BoolVar(&b.JSON, "json", false, "print JSON")
	cmd.AddCommand(botList(&b), botAdd(&b), botLogin(&b), botLimit(&b), botDecide(&b),
		botAll(&b, "stop", "Stop all sending and confirming at once, by every bot; new bots are stopped too"),
		botAll(&b, "start", "End a stop: each bot does again what it did before"),
		botDuty(&b, "enable", "Let a bot take new orders; ends draining and quarantine"),
		botDuty(&b, "drain", "Give a bot no new orders; it ends those it has"),
		botDuty(&b, "quarantine", "Let a bot send and confirm nothing any more; its trades are still read"))
	return cmd
}

func botList(b *app.Bots) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all bots: duty, the one reason why each cannot work, and what to do",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.Out = cmd.OutOrStdout()
			return told(b.List(cmd.Context()))
		},
	}
}

func botDuty(b *app.Bots, name, short string) *cobra.Command {
	return &cobra.Command{
		Use:     name + " BOT",
		Short:   short,
		Long:    short + ".\n\nBOT is a SteamID64 or an account name.",
		Example: "  skinrail bot " + name + " example_bot",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Out = cmd.OutOrStdout()
			return told(b.SetDuty(cmd.Context(), name, args[0]))
		},
	}
}

func botAll(b *app.Bots, name, short string) *cobra.Command {
	return &cobra.Command{
		Use:     name,
		Short:   short,
		Long:    short + ".\n\nTrades are still read and offers withdrawn at their deadlines. Nodes see it at their next\nstep, within seconds.",
		Example: "  skinrail bot " + name,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.Out = cmd.OutOrStdout()
			return told(b.SetAll(cmd.Context(), name))
		},
	}
}

func botDecide(b *app.Bots) *cobra.Command {
	var v app.Verdict
	cmd := &cobra.Command{
		Use:   "decide TRADE settle|undo --by NAME --note WHY",
		Short: "Decide a trade that Steam reports oddly (state review)",
		Long: "Decide a trade in the state review, as  skinrail doctor  shows it, after a look at Steam.\nsettle: the items are where the trade put them, for good. " +
			"undo: they went back. The order,\nits money and its events follow. A hold is not released before its time.",
		Example: "  skinrail bot decide 5117 undo --by ann --note \"rolled back by support\"",
		Args:    arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			b.Out = cmd.OutOrStdout()
			if v.Trade, err = id("trade", args[0]); err != nil {
				return err
			}
			var ok bool
			if v.End, ok = app.Verdicts[args[1]]; !ok {
				return usage(fmt.Errorf("%q: want settle or undo", args[1]))
			}
			return told(b.Decide(cmd.Context(), v))
		},
	}
	cmd.Flags().StringVar(&v.By, "by", "", "who decides it")
	cmd.Flags().StringVar(&v.Note, "note", "", "why")
	return cmd
}

func botLimit(b *app.Bots) *cobra.Command {
	var l app.BotLimits
	cmd := &cobra.Command{
		Use:   "limit BOT [--games LIST] [--offers N] [--worth USD]",
		Short: "Limit what a bot is trusted with: games it receives, offers at once, worth of what it holds",
		Long: "Limit what a bot is trusted with. What is not given is not limited any more; Steam's own\nlimits stay. " +
			"Deposits go to bots within their limits; an offer above the number at once waits\nfor a free slot. BOT is a SteamID64 or an account name.",
		Example: "  skinrail bot limit example_bot --games cs2 --offers 2 --worth 50\n  skinrail bot limit example_bot",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Out = cmd.OutOrStdout()
			return told(b.Limit(cmd.Context(), args[0], l))
		},
	}
	cmd.Flags().Var(&l.Games, "games", "games whose items it receives, with commas between them")
	cmd.Flags().Int64Var(&l.Offers, "offers", 0, "offers open at once")
	cmd.Flags().StringVar(&l.Worth, "worth", "", "what it may hold at most, in USD")
	return cmd
}

func botLogin(b *app.Bots) *cobra.Command {
	var at app.SteamURLs
	cmd := &cobra.Command{
		Use:   "login BOT --steam-url URL [--steam-api-url URL]",
		Short: "Test a bot's password and codes by logging in",
		Long: "Log a bot in with its password and a code, and keep the session. Nothing is traded or\naccepted. BOT is a SteamID64 or an account name. Steam counts logins: do not repeat this often.\n\n" +
			"A gateway that runs on the same database takes new secrets and sessions up when it starts. This\ncommand does not know its pace: leave ten seconds between a login of its bots and this one, else\nSteam may bar the address from logins for half an hour or longer, for all bots behind it.",
		Example: "  skinrail bot login example_bot --steam-url http://127.0.0.1:8090",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Out = cmd.OutOrStdout()
			return told(b.Login(cmd.Context(), args[0], at))
		},
	}
	cmd.Flags().StringVar(&at.Community, "steam-url", "", "base URL of the Steam community")
	cmd.Flags().StringVar(&at.API, "steam-api-url", "", "base URL of Steam's Web API; without it the same as --steam-url")
	return cmd
}

const addBotHelp = `Add a Steam account. Its secrets are sealed with the gateway's key. --mafile takes name,
SteamID64 and secrets from a mobile authenticator's file; whatever is missing is asked
for, one line each, in the order SteamID64, account name, shared secret, identity
secret, password. Piped input is read in the same order. A running gateway employs the
bot within seconds.`

func botAdd(b *app.Bots) *cobra.Command {
	var n app.NewBot
	var maFile, steamID, account, proxy string
	var replace bool
	cmd := &cobra.Command{
		Use:     "add [--mafile FILE]",
		Short:   "Add a bot from a maFile and its password, or ask for everything",
		Long:    addBotHelp,
		Example: "  skinrail bot add --mafile 76561198000000101.maFile\n  skinrail bot add --mafile 76561198000000101.maFile < password.txt",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.Out = cmd.OutOrStdout()
			if maFile != "" {
				if err := n.ReadMaFile(maFile); err != nil {
					return err
				}
			}
			if steamID != "" {
				if err := n.SetID(steamID); err != nil {
					return told(err)
				}
			}
			if account != "" {
				n.AccountName = account
			}
			if proxy != "" {
				if err := n.ReadProxyFile(proxy); err != nil {
					return told(err)
				}
			}
			if err := n.Ask(bufio.NewReader(cmd.InOrStdin()), prompt(cmd)); err != nil {
				return told(err)
			}
			return told(b.Add(cmd.Context(), n, replace))
		},
	}
	f := cmd.Flags()
	f.StringVar(&maFile, "mafile", "", "file of a mobile authenticator, not encrypted")
	f.StringVar(&steamID, "steam-id", "", "SteamID64, when the maFile has none")
	f.StringVar(&account, "account", "", "account name, when the maFile has none")
	f.StringVar(&n.Persona, "name", "", "name that payers see; without it the account name")
	f.StringVar(&n.TradeToken, "trade-token", "", "token of the account's trade URL, if known")
	f.StringVar(&proxy, "proxy-file", "", "file with the URL of the proxy that the bot reaches Steam by, kept sealed; an empty file ends its use")
	f.BoolVar(&replace, "replace", false, "give a bot that is there already new secrets")
	return cmd
}

// prompt asks on standard error, and at a terminal lets nobody read over the
// operator's shoulder. Piped input is not asked for.
func prompt(cmd *cobra.Command) func(string, bool) func() {
	in, ok := cmd.InOrStdin().(*os.File)
	if ok {
		info, err := in.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return func(text string, hide bool) func() {
		if !ok {
			return func() {}
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: ", text)
		if !hide || echo(in, "-echo") != nil {
			return func() {}
		}
		ended := make(chan struct{})
		go func() { // an interrupt must not leave the terminal silent
			select {
			case <-cmd.Context().Done():
				_ = echo(in, "echo")
				fmt.Fprintln(cmd.ErrOrStderr())
				os.Exit(1)
			case <-ended:
			}
		}()
		return func() {
			close(ended)
			_ = echo(in, "echo")
			fmt.Fprintln(cmd.ErrOrStderr())
		}
	}
}

// echo switches the terminal's echo; where there is no stty, it stays on.
func echo(terminal *os.File, mode string) error {
	stty := exec.Command("stty", mode)
	stty.Stdin = terminal
	return stty.Run()
}
