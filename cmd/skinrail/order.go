package main

import (
	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

func orderCommand() *cobra.Command {
	var o app.Orders
	cmd := &cobra.Command{
		Use:   "order deposit/ID|purchase/ID|PROJECT/TEXT",
		Short: "Say what one order waits for, what to do, and what has happened to it",
		Long: "Say what one deposit or purchase waits for, what a person can do about it, and what has\nhappened to it: the steps of its trade and the merchant's answers to notifications. " +
			"It is\nnamed by our id, or by the project and the merchant's own order_id or custom_id. Reads only,\nalso while the gateway runs.",
		Example: "  skinrail order deposit/17            # transaction_id 17\n  skinrail order purchase/5            # buy_id 5\n  skinrail order 100001/inv-1001",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Out = cmd.OutOrStdout()
			return told(o.Show(cmd.Context(), args[0]))
		},
	}
	storeFlags(cmd, &o.Store)
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON")
	return cmd
}
