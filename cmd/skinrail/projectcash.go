package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

const payHelp = `The reference names the transfer outside, such as the bank's; the same one again
changes nothing, so a command whose outcome is unknown can be repeated. Above the limit
(skinrail project limit) the booking is only proposed, and somebody else must approve
it; the money of a proposed pay-out is set aside meanwhile.`

func projectPay(p *app.Projects, name string) *cobra.Command {
	var t app.Transfer
	short, book := "Book money that a merchant has paid in", (*app.Projects).PayIn
	if name == "pay-out" {
		short, book = "Book money that is paid out to a merchant", (*app.Projects).PayOut
	}
	cmd := &cobra.Command{
		Use:     name + " PROJECT USD --ref REFERENCE --by NAME",
		Short:   short,
		Long:    short + ".\n\n" + payHelp,
		Example: "  skinrail project " + name + " 100001 250.50 --ref wire-7731 --by ann --note \"invoice 12\"",
		Args:    arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			p.Out = cmd.OutOrStdout()
			if t.Project, err = id("project", args[0]); err != nil {
				return err
			}
			if t.By == "" {
				return usage(errWho)
			}
			if t.Ref == "" {
				return usage(errors.New("--ref REFERENCE is missing: what is the transfer called at the bank?"))
			}
			t.Amount = args[1]
			return told(book(p, cmd.Context(), t))
		},
	}
	cmd.Flags().StringVar(&t.Ref, "ref", "", "what the transfer is called outside; unique in the project")
	cmd.Flags().StringVar(&t.By, "by", "", "who books it")
	cmd.Flags().StringVar(&t.Note, "note", "", "a note for operators")
	return cmd
}

func projectDecide(p *app.Projects, name string) *cobra.Command {
	var d app.Decision
	short, decide := "Approve a proposed booking of somebody else", (*app.Projects).Approve
	if name == "reject" {
		short, decide = "Reject a proposed booking; what was set aside is available again", (*app.Projects).Reject
	}
	cmd := &cobra.Command{
		Use:     name + " BOOKING --by NAME",
		Short:   short,
		Long:    short + ".\n\nWhat waits is listed by  skinrail project show PROJECT.",
		Example: "  skinrail project " + name + " 12 --by bob --note \"checked with the bank\"",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			p.Out = cmd.OutOrStdout()
			if d.Booking, err = id("booking", args[0]); err != nil {
				return err
			}
			if d.By == "" {
				return usage(errWho)
			}
			return told(decide(p, cmd.Context(), d))
		},
	}
	cmd.Flags().StringVar(&d.By, "by", "", "who decides")
	cmd.Flags().StringVar(&d.Note, "note", "", "why; for operators")
	return cmd
}

func projectLimit(p *app.Projects) *cobra.Command {
	return &cobra.Command{
		Use:     "limit [USD]",
		Short:   "Show or change the amount above which two people are needed",
		Long:    "Show or change the largest booking that one person may make, for all projects. With 0 two\npeople are always needed. What waits already goes on waiting.",
		Example: "  skinrail project limit\n  skinrail project limit 500",
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Out = cmd.OutOrStdout()
			if len(args) == 0 {
				return told(p.Limit(cmd.Context()))
			}
			return told(p.SetLimit(cmd.Context(), args[0]))
		},
	}
}
