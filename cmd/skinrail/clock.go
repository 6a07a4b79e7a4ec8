package main

import (
	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

func clockCommand() *cobra.Command {
	var c app.Clock
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Show or move the time of a running sandbox's world",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return usage(cmd.Help()) },
	}
	cmd.PersistentFlags().StringVar(&c.URL, "url", "", "gateway; without it the one that runs on --data")
	cmd.PersistentFlags().StringVar(&c.Data, "data", "./skinrail-data", "folder of the gateway")
	one := arguments(1, 1)
	cmd.AddCommand(
		&cobra.Command{Use: "show", Short: "Print the world's time", Args: noArguments,
			RunE: func(cmd *cobra.Command, _ []string) error { return c.Show(cmd.Context(), cmd.OutOrStdout()) }},
		&cobra.Command{Use: "advance DURATION", Short: "Move time forward, such as 192h, through everything that becomes due", Args: one,
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.Move(cmd.Context(), "advance", args[0], cmd.OutOrStdout())
			}},
		&cobra.Command{Use: "set TIME", Short: "Move time forward to an RFC 3339 time", Args: one,
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.Move(cmd.Context(), "set", args[0], cmd.OutOrStdout())
			}})
	return cmd
}
