package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settle fills flags that were not given: the environment first, then the file.
func settle(cmd *cobra.Command) error {
	flags := cmd.Flags()
	path, err := flags.GetString("config")
	if err != nil {
		return err
	}
	if path == "" {
		path = os.Getenv(envName("config"))
	}
	file := map[string]string{}
	if path != "" {
		if err := readConfig(path, file); err != nil {
			return err
		}
	}
	for name := range file { // one file serves all commands
		if !anyHas(cmd.Root(), name) {
			return fmt.Errorf("--config: %s: unknown key %q", path, name)
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || err != nil {
			return
		}
		if v, ok := os.LookupEnv(envName(f.Name)); ok {
			err = set(flags, f.Name, v, envName(f.Name))
		} else if v, ok := file[f.Name]; ok {
			err = set(flags, f.Name, v, path+": "+f.Name)
		}
	})
	return err
}

func set(flags *pflag.FlagSet, name, value, from string) error {
	if err := flags.Set(name, value); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}

func envName(flag string) string {
	return "SKINRAIL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readConfig reads a file of flags. A table's name and a hyphen stand before
// the names in it: url in [steam] is steam-url.
func readConfig(path string, into map[string]string) error {
	var tree map[string]any
	if _, err := toml.DecodeFile(path, &tree); err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	flatten("", tree, into)
	return nil
}

func flatten(prefix string, tree map[string]any, into map[string]string) {
	for name, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			flatten(prefix+name+"-", v, into)
		case []any:
			var parts []string
			for _, p := range v {
				parts = append(parts, fmt.Sprint(p))
			}
			into[prefix+name] = strings.Join(parts, ",")
		default:
			into[prefix+name] = fmt.Sprint(v)
		}
	}
}

// anyHas reports whether any command has a flag of the name.
func anyHas(cmd *cobra.Command, name string) bool {
	if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
		return true
	}
	for _, c := range cmd.Commands() {
		if anyHas(c, name) {
			return true
		}
	}
	return false
}
