package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
)

// NewBot is a bot to add, with its secrets.
type NewBot struct {
	fleet.NewBot
	proxyFile string
}

// maxMaFile bounds what is read of a file with an account's secrets.
const maxMaFile = 64 << 10

// ReadMaFile takes account name, secrets and, where the file has it, the
// SteamID64 from a mobile authenticator's file. Errors quote nothing of it.
func (n *NewBot) ReadMaFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("maFile: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxMaFile))
	if err != nil {
		return fmt.Errorf("maFile: %w", err)
	}
	var m struct {
		AccountName    string      `json:"account_name"`
		SharedSecret   string      `json:"shared_secret"`
		IdentitySecret string      `json:"identity_secret"`
		SteamID        json.Number `json:"steamid"`
		Session        struct {
			SteamID json.Number `json:"SteamID"`
		} `json:"Session"`
	}
	if json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &m) != nil { // the error may quote a secret
		return fmt.Errorf("maFile %s is not readable JSON: if it is encrypted, decrypt it first with the program that made it", path)
	}
	if m.SharedSecret == "" || m.IdentitySecret == "" {
		return fmt.Errorf("maFile %s has no shared_secret or no identity_secret", path)
	}
	n.AccountName = m.AccountName
	n.Credentials.SharedSecret, n.Credentials.IdentitySecret = seal.Secret(m.SharedSecret), seal.Secret(m.IdentitySecret)
	for _, text := range []string{m.Session.SteamID.String(), m.SteamID.String()} {
		if id, err := steam.ParseID64(text); err == nil && n.ID == 0 {
			n.ID = id
		}
	}
	return nil
}

// ReadProxyFile takes the URL of the proxy that the bot reaches Steam by; an
// empty file stands for none. Errors quote nothing of it.
func (n *NewBot) ReadProxyFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	n.proxyFile, n.Credentials.Proxy = path, seal.Secret(strings.TrimSpace(string(data)))
	if n.Credentials.Proxy == "" {
		return nil
	}
	if err := web.CheckProxy(n.Credentials.Proxy.Reveal()); err != nil {
		return wrong("%s: %v", path, err)
	}
	return nil
}

// SetID reads the account's SteamID64.
func (n *NewBot) SetID(text string) (err error) {
	if n.ID, err = steam.ParseID64(text); err != nil {
		return wrong("SteamID64 %q: want 17 digits that begin with 7656119", text)
	}
	return nil
}

// Ask asks for everything that is not known yet, one line each. prompt is shown
// before each line; hide says that the line must not be seen.
func (n *NewBot) Ask(in *bufio.Reader, prompt func(text string, hide bool) (shown func())) error {
	ask := func(what string, hide bool) (string, error) {
		shown := prompt(what, hide)
		line, err := in.ReadString('\n')
		shown()
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if err == nil || errors.Is(err, io.EOF) {
				return "", wrong("%s is missing", what)
			}
			return "", fmt.Errorf("%s: %w", what, err)
		}
		if len(line) > maxSecretFile {
			return "", wrong("%s is too long", what)
		}
		return line, nil
	}
	if n.ID == 0 {
		text, err := ask("SteamID64", false)
		if err != nil {
			return err
		}
		if err := n.SetID(text); err != nil {
			return err
		}
	}
	for _, q := range []struct {
		what string
		hide bool
		set  func(string)
		has  bool
	}{
		{"account name", false, func(s string) { n.AccountName = s }, n.AccountName != ""},
		{"shared secret", true, func(s string) { n.Credentials.SharedSecret = seal.Secret(s) }, n.Credentials.SharedSecret != ""},
		{"identity secret", true, func(s string) { n.Credentials.IdentitySecret = seal.Secret(s) }, n.Credentials.IdentitySecret != ""},
		{"password", true, func(s string) { n.Credentials.Password = seal.Secret(s) }, n.Credentials.Password != ""},
	} {
		if q.has {
			continue
		}
		text, err := ask(q.what, q.hide)
		if err != nil {
			return err
		}
		q.set(text)
	}
	return nil
}

// check refuses secrets from which no code can be made.
func (n *NewBot) check() error {
	if n.Persona == "" {
		n.Persona = n.AccountName
	}
	if n.TradeToken != "" && !steam.ValidToken(n.TradeToken) {
		return wrong("--trade-token: want the characters after token= at the end of the account's trade URL")
	}
	if _, err := steam.Code(n.Credentials.SharedSecret.Reveal(), time.Unix(0, 0)); err != nil {
		return wrong("the shared secret is not one: want 20 bytes in base64 or hex")
	}
	if _, err := steam.ConfirmationKey(n.Credentials.IdentitySecret.Reveal(), time.Unix(0, 0), "list"); err != nil {
		return wrong("the identity secret is not one: want 20 bytes in base64 or hex")
	}
	return nil
}
