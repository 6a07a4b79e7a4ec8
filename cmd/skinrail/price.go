package main

import (
	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

func priceCommand() *cobra.Command {
	var p app.Prices
	cmd := &cobra.Command{
		Use:   "price",
		Short: "See why a name has its price, and set prices by hand",
		Long: "See why a name has its price, and set prices by hand. Works while the gateway runs,\nwhich notices within a second or two. Where prices come from stands in the file of\n" +
			"--prices (docs/prices.md).",
		Example: "  skinrail price show 'AK-47 | Redline (Field-Tested)'\n  skinrail price set 'AK-47 | Redline (Field-Tested)' 12.50 --by ann",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return usage(cmd.Help()) },
	}
	f := cmd.PersistentFlags()
	f.StringVar(&p.Data, "data", "./skinrail-data", "folder of the gateway")
	f.StringVar(&p.Database, "database", "", "PostgreSQL URL, instead of a folder")
	f.StringVar(&p.Game, "game", "cs2", "cs2, dota2, rust or tf2")
	f.BoolVar(&p.JSON, "json", false, "print JSON")
	set := &cobra.Command{
		Use:   "set NAME USD --by WHO",
		Short: "Set a price that stands whatever the sources say",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return told(p.Set(cmd.Context(), args[0], args[1], cmd.OutOrStdout()))
		},
	}
	set.Flags().StringVar(&p.By, "by", "", "who sets it")
	cmd.AddCommand(set, &cobra.Command{
		Use:   "show NAME",
		Short: "Show a price, what every source says, and what is made of it",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return told(p.Show(cmd.Context(), args[0], cmd.OutOrStdout()))
		},
	}, &cobra.Command{
		Use:   "unset NAME",
		Short: "Take back a price that was set by hand",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return told(p.Unset(cmd.Context(), args[0], cmd.OutOrStdout()))
		},
	})
	return cmd
}
