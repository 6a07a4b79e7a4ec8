package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

const projectHelp = `Add projects, change their settings and secrets, and book what merchants pay in
and are paid out. Works on the database itself, also while the gateway runs on it:
it sees changes within about a second. Name the gateway's folder with --data, or its
PostgreSQL server with --database (then its key file with --key-file).`

const projectExample = `  skinrail project add "Example shop" result_url=https://shop.example/skins
  skinrail project set 100001 commission=0.04 market=off
  skinrail project pay-in 100001 250 --ref wire-7731 --by ann
  skinrail project approve 12 --by bob`

func projectCommand() *cobra.Command {
	var p app.Projects
	cmd := &cobra.Command{
		Use:     "project",
		Short:   "Add and change projects, and book their money",
		Long:    projectHelp,
		Example: projectExample,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return usage(cmd.Help()) },
	}
	f := cmd.PersistentFlags()
	f.StringVar(&p.Data, "data", "./skinrail-data", "folder of the gateway")
	f.StringVar(&p.Database, "database", "", "PostgreSQL URL, instead of the folder's database")
	f.StringVar(&p.KeyFile, "key-file", "", `key that seals secrets; without it the file "key" in the folder`)
	f.BoolVar(&p.JSON, "json", false, "print JSON")
	cmd.AddCommand(projectAdd(&p), projectList(&p), projectShow(&p), projectRotate(&p), projectActive(&p, "disable", "off"),
		projectActive(&p, "enable", "on"), projectSet(&p), projectPay(&p, "pay-in"), projectPay(&p, "pay-out"),
		projectDecide(&p, "approve"), projectDecide(&p, "reject"), projectLimit(&p), projectUndo(&p), projectDebt(&p))
	return cmd
}

// told ends a command: what the caller wrote wrong becomes wrong usage.
func told(err error) error {
	if app.WrongUsage(err) {
		return usage(app.InWords(err))
	}
	return err
}

// arguments wants between least and most of them.
func arguments(least, most int) cobra.PositionalArgs {
	return wanted(func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return errors.New("something is missing")
		case len(args) > most:
			return fmt.Errorf("%q is too much", args[most])
		}
		return nil
	})
}

// wanted is a check of arguments whose error says how the command is used.
func wanted(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(fmt.Errorf("%w\nwant:  %s\nmore:  %s --help", err, cmd.UseLine(), cmd.CommandPath()))
		}
		return nil
	}
}

const anyNumber = 1 << 10

// id reads the id of a project or booking.
func id(what, text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, usage(fmt.Errorf("%s %q: want a number, as shown by  skinrail project list|show", what, text))
	}
	return n, nil
}

func projectAdd(p *app.Projects) *cobra.Command {
	var n app.NewProject
	cmd := &cobra.Command{
		Use:   "add NAME [KEY=VALUE ...]",
		Short: "Add a project and print its secrets, once",
		Long: "Add a project and print its secrets, which are not shown again. A merchant who moves here\nkeeps his id and secret with --id and --client-secret-file, and changes only his base URL.\n\nSettings:\n" +
			app.SettingsHelp(),
		Example: "  skinrail project add \"Example shop\" result_url=https://shop.example/skins commission=0.05\n  skinrail project add Moved --id 4021 --client-secret-file secret.txt",
		Args:    arguments(1, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out, n.In = cmd.OutOrStdout(), cmd.InOrStdin()
			n.Name, n.Settings = args[0], args[1:]
			return told(p.Add(cmd.Context(), n))
		},
	}
	cmd.Flags().Int64Var(&n.ID, "id", 0, "client id; without it a free one is chosen")
	cmd.Flags().StringVar(&n.SecretFile, "client-secret-file", "", "file with the client secret, - for standard input; without it a new one is made")
	privateFlag(cmd, p)
	return cmd
}

func privateFlag(cmd *cobra.Command, p *app.Projects) {
	cmd.Flags().BoolVar(&p.AllowPrivate, "allow-private-endpoints", false, "notification URLs may be private addresses; the gateway needs the same flag")
}

func projectList(p *app.Projects) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all projects: state, money available, bookings that wait",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.Out = cmd.OutOrStdout()
			return told(p.List(cmd.Context()))
		},
	}
}

func projectShow(p *app.Projects) *cobra.Command {
	return &cobra.Command{
		Use:     "show PROJECT",
		Short:   "Show settings, money and waiting bookings of a project; no secrets",
		Example: "  skinrail project show 100001",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			n, err := id("project", args[0])
			if err != nil {
				return err
			}
			return told(p.Show(cmd.Context(), n))
		},
	}
}

func projectSet(p *app.Projects) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "set PROJECT KEY=VALUE ...",
		Short:   "Change settings, all of those named or none",
		Long:    "Change settings, all of those named or none. An empty value takes a URL or list away.\n\nSettings:\n" + app.SettingsHelp(),
		Example: "  skinrail project set 100001 commission=0.04 market=off\n  skinrail project set 100001 allowed_ips=203.0.113.7,198.51.100.0/24 fail_url=",
		Args:    arguments(2, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			n, err := id("project", args[0])
			if err != nil {
				return err
			}
			return told(p.Set(cmd.Context(), n, args[1:]))
		},
	}
	privateFlag(cmd, p)
	return cmd
}

func projectActive(p *app.Projects, name, value string) *cobra.Command {
	short := map[string]string{
		"disable": "Make the API answer shop_not_active to a project",
		"enable":  "Let a project use the API again",
	}[name]
	return &cobra.Command{
		Use:     name + " PROJECT",
		Short:   short,
		Example: "  skinrail project " + name + " 100001",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			n, err := id("project", args[0])
			if err != nil {
				return err
			}
			return told(p.Set(cmd.Context(), n, []string{"active=" + value}))
		},
	}
}

func projectRotate(p *app.Projects) *cobra.Command {
	var purpose string
	var finish bool
	cmd := &cobra.Command{
		Use:   "rotate PROJECT [--purpose client|webhook] [--finish]",
		Short: "Make a new secret and print it once; --finish ends the old one",
		Long: "Make a new secret and print it once. The old one stays valid, so that the merchant can\nchange over; --finish ends it. The client secret signs calls and legacy notifications,\n" +
			"the webhook secret the Standard Webhooks signature.",
		Example: "  skinrail project rotate 100001\n  skinrail project rotate 100001 --finish",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			n, err := id("project", args[0])
			if err != nil {
				return err
			}
			if finish {
				return told(p.FinishRotation(cmd.Context(), n, purpose))
			}
			return told(p.Rotate(cmd.Context(), n, purpose))
		},
	}
	cmd.Flags().StringVar(&purpose, "purpose", "client", "client or webhook")
	cmd.Flags().BoolVar(&finish, "finish", false, "end the rotation: the old secret is no longer valid")
	return cmd
}

var errWho = errors.New("--by NAME is missing: who does this? Two people are told apart by it")
