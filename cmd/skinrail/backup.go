package main

import (
	"github.com/spf13/cobra"

	"github.com/skinrail/skinrail/internal/app"
)

func backupCommand() *cobra.Command {
	var b app.Backup
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database to a file while the gateway serves, and prove the copy",
		Long: "Copy the database to a new file while the gateway serves. The copy is one moment of the\nbooks; it is read whole and its books are proved before it gets its name. The key is not\n" +
			"in it: keep a copy of the key file elsewhere. A PostgreSQL server is backed up with its\nown tools: docs/operations.md.",
		Example: "  skinrail backup --data /var/lib/skinrail /backup/skinrail-$(date +%F).db",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Out, b.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return told(b.Run(cmd.Context(), args[0]))
		},
	}
	storeFlags(cmd, &b.Store)
	return cmd
}

func restoreCommand() *cobra.Command {
	var r app.Restore
	var mark bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the database anew from a backup, closed until Steam and the records agree",
		Long: "Make the database anew from a backup, in a folder that holds none: the file is read whole,\nbrought to this program's schema, and its books are proved. What was acknowledged after\n" +
			"the backup is lost here, so the gateway that starts on it is closed: merchants are told of\nmaintenance, nothing is sent, and Steam is read until it agrees with the records. Then it\n" +
			"opens by itself; what differs is named by  skinrail doctor.\n\nA backup holds no key: it must be in the folder, or be named with --key-file.\n\nWith --mark: the same for a PostgreSQL server that was restored with its own tools.",
		Example: "  skinrail restore --data /var/lib/skinrail /backup/skinrail-2026-03-01.db\n  skinrail restore --mark --database postgres://skinrail@db.internal/skinrail",
		Args: func(cmd *cobra.Command, args []string) error {
			if mark {
				return noArguments(cmd, args)
			}
			return arguments(1, 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Out, r.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if mark {
				return told(r.Mark(cmd.Context()))
			}
			return told(r.Run(cmd.Context(), args[0]))
		},
	}
	storeFlags(cmd, &r.Store)
	cmd.Flags().StringVar(&r.KeyFile, "key-file", "", `key that opens the secrets; without it the file "key" in the folder`)
	cmd.Flags().BoolVar(&r.WithoutKey, "without-key", false, "restore although the key is lost: the books can be read and proved, but no gateway starts on them")
	cmd.Flags().BoolVar(&mark, "mark", false, "mark a PostgreSQL server that was restored with its own tools")
	return cmd
}

func keyLostCommand() *cobra.Command {
	var k app.KeyLost
	cmd := &cobra.Command{
		Use:   "key-lost",
		Short: "Begin anew with another key after the one of the database's secrets is lost",
		Long: "Begin anew with another key after the one of the database's secrets is lost for good.\nWithout --forget it only says what is lost. With it, every project gets new secrets, printed\n" +
			"once, and the bots' are forgotten: give each its own again with  skinrail bot add --replace.\nBooks, orders and settings stay. It refuses a key that opens anything, and a database that\na gateway runs on.",
		Example: "  (umask 077; openssl rand -hex 32 > /etc/skinrail/key)\n  skinrail key-lost --key-file /etc/skinrail/key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			k.Out, k.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return told(k.Run(cmd.Context()))
		},
	}
	storeFlags(cmd, &k.Store)
	cmd.Flags().StringVar(&k.KeyFile, "key-file", "", `the new key; without it the file "key" in the folder`)
	cmd.Flags().StringVar(&k.Forget, "forget", "", "what is lost, in the words in which the command tells it")
	return cmd
}
