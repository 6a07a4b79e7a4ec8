package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

func projectUndo(p *app.Projects) *cobra.Command {
	var d app.Decision
	cmd := &cobra.Command{
		Use:   "undo DEPOSIT --by NAME --note WHY",
		Short: "Book that Steam has undone a credited deposit",
		Long: "Book that Steam's support has undone a deposit after it was credited (skinrail doctor\nnames such trades). Everybody gives back what he got of it, the gateway its commission.\n" +
			"What the project has not available any more it owes; whatever it gets later pays that\nfirst. The deposit stays a success, which is final for a merchant. Again changes nothing.",
		Example: "  skinrail project undo 5117 --by ann --note \"trade 90215, rolled back by support\"",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			p.Out = cmd.OutOrStdout()
			if d.Booking, err = id("deposit", args[0]); err != nil {
				return err
			}
			if d.By == "" {
				return usage(errWho)
			}
			if d.Note == "" {
				return usage(errors.New("--note WHY is missing: what did Steam say?"))
			}
			return told(p.Undo(cmd.Context(), d))
		},
	}
	cmd.Flags().StringVar(&d.By, "by", "", "who books it")
	cmd.Flags().StringVar(&d.Note, "note", "", "why")
	return cmd
}

func projectDebt(p *app.Projects) *cobra.Command {
	return &cobra.Command{
		Use:     "debt PROJECT [USD]",
		Short:   "Show what a project owes, or change what it may owe",
		Long:    "Show what a project owes after deposits were undone, and what it may owe. A project that\nowes anything has nothing available. Above the limit also payouts that wait for a second\nperson are stopped, and the gateway alarms.",
		Example: "  skinrail project debt 100001\n  skinrail project debt 100001 500",
		Args:    arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			project, err := id("project", args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return told(p.Debt(cmd.Context(), project))
			}
			return told(p.SetDebtLimit(cmd.Context(), project, args[1]))
		},
	}
}
