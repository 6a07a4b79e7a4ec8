package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ready is the ready file: what a program needs to use the sandbox. The pages
// that do not exist yet have no address.
type ready struct {
	GatewayURL string         `json:"gateway_url"`
	WSURL      string         `json:"ws_url"`
	LegacyWS   string         `json:"legacy_ws_url,omitempty"`
	SteamURL   string         `json:"steam_url"`
	AdminURL   string         `json:"admin_url"`
	PanelURL   string         `json:"panel_url"`
	ConsoleURL string         `json:"console_url"`
	PID        int            `json:"pid"`
	Projects   []readyProject `json:"projects"`
	Version    string         `json:"version"`
}

type readyProject struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	WebhookSecret string `json:"webhook_secret"`
	Name          string `json:"name"`
}

// tell says that the sandbox is ready: in the file if one is wanted, else in
// words.
func (r *playing) tell(ctx context.Context) error {
	out := ready{GatewayURL: r.main.URL(), WSURL: r.main.socketURL(), SteamURL: r.steamFront.URL(), AdminURL: r.admin.URL(), PID: os.Getpid(), Version: r.cfg.Version}
	projects, err := r.gateway.Merchants.List(ctx)
	if err != nil {
		return err
	}
	for _, p := range projects {
		k, err := r.gateway.Merchants.Secrets(ctx, p.ID)
		if err != nil {
			return err
		}
		out.Projects = append(out.Projects, readyProject{ClientID: strconv.FormatInt(p.ID, 10),
			ClientSecret: k.Client.Reveal(), WebhookSecret: k.Webhook.Reveal(), Name: p.Name})
	}
	if r.sockets != nil {
		out.LegacyWS = strings.TrimSuffix(r.sockets.socketURL(), "ws/")
	}
	if err := writeWhole(filepath.Join(r.cfg.Data, urlFile), []byte(out.GatewayURL+"\n")); err != nil {
		return err
	}
	if r.cfg.ReadyFile == "" {
		out.print(r.cfg.Out, len(r.gateway.Agents))
		return nil
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(r.cfg.ReadyFile, append(data, '\n'))
}

func (o ready) print(w io.Writer, bots int) {
	fmt.Fprintf(w, "Skinrail sandbox is ready: %d bots are signed in to the simulated Steam.\n\n", bots)
	fmt.Fprintf(w, "  gateway          %s\n  websocket        %s\n  simulated Steam  %s\n", o.GatewayURL, o.WSURL, o.SteamURL)
	for _, p := range o.Projects {
		fmt.Fprintf(w, "  project          %s  secret %s  (%s)\n", p.ClientID, p.ClientSecret, p.Name)
	}
	if len(o.Projects) == 0 {
		return
	}
	p := o.Projects[0]
	fmt.Fprintf(w, "\nOpen a deposit, then open the url it answers with in a browser:\n\n%s\n", strings.Join([]string{
		"  curl -s " + o.GatewayURL + "/api.php \\",
		"    -H 'X-CLIENT-ID: " + p.ClientID + "' -H 'X-CLIENT-SECRET: " + p.ClientSecret + "' \\",
		`    -d '{"method":"create","order_id":"first-1"}'`}, "\n"))
	fmt.Fprintf(w, "\nOr let the sandbox play the payer of deposit 1:\n\n  curl -s -X POST %s/sandbox/deposits/1/success\n\nStop with Ctrl-C; start again on the same folder to go on.\n", o.GatewayURL)
}
