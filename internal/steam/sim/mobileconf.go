package sim

import (
	"crypto/hmac"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// keySkew is how far a confirmation key's time may be from ours.
const keySkew = 300

func needAuth() reply { return document(map[string]any{"success": false, "needauth": true}) }

func unanswered(message, detail string) reply {
	out := map[string]any{"success": false}
	if message != "" {
		out["message"], out["detail"] = message, detail
	}
	return document(out)
}

// confirmer is the account whose session and key are right; else the answer to
// give. Tags are free: the key is computed from whatever tag it names.
func (q *call) confirmer() (*account, *reply) {
	me := q.session()
	if me == nil || q.r.FormValue("a") != me.SteamID.String() {
		p := needAuth()
		return nil, &p
	}
	refused := unanswered("Oh nooooooes!", "It looks like your Steam Guard Mobile Authenticator is providing incorrect Steam Guard codes.")
	t, err := strconv.ParseInt(q.r.FormValue("t"), 10, 64)
	if err != nil || max(t-q.at.seconds(), q.at.seconds()-t) > int64(q.sim.state.limit(limitSkew)) || q.r.FormValue("p") == "" {
		return nil, &refused
	}
	want, err := steam.ConfirmationKey(me.IdentitySecret, time.Unix(t, 0), q.r.FormValue("tag"))
	if err != nil || me.IdentitySecret == "" || !hmac.Equal([]byte(want), []byte(q.key())) {
		return nil, &refused
	}
	return me, nil
}

// key is the request's confirmation key. A plus that was not encoded arrives as
// a blank.
func (q *call) key() string { return strings.ReplaceAll(q.r.FormValue("k"), " ", "+") }

type confirmationJSON struct {
	Type         int      `json:"type"`
	TypeName     string   `json:"type_name"`
	ID           string   `json:"id"`
	CreatorID    string   `json:"creator_id"`
	Nonce        string   `json:"nonce"`
	CreationTime int64    `json:"creation_time"`
	Cancel       string   `json:"cancel"`
	Accept       string   `json:"accept"`
	Icon         string   `json:"icon"`
	Multi        bool     `json:"multi"`
	Headline     string   `json:"headline"`
	Summary      []string `json:"summary"`
	Warn         *string  `json:"warn"`
}

func (q *call) confirmationList() (reply, error) {
	me, refused := q.confirmer()
	if refused != nil {
		return *refused, nil
	}
	list := make([]confirmationJSON, 0, len(me.confirms))
	for _, c := range slices.Backward(me.confirms) {
		list = append(list, q.showConfirmation(c))
	}
	return document(map[string]any{"success": true, "conf": list}), nil
}

func (q *call) showConfirmation(c *confirmation) confirmationJSON {
	st := q.sim.state
	if c.Type != 0 {
		return confirmationJSON{
			Type: c.Type, TypeName: confirmationTypes[c.Type], ID: decimal(c.ID), CreatorID: decimal(c.Nonce), Nonce: decimal(c.Nonce),
			CreationTime: c.Created.seconds(), Cancel: "Cancel", Accept: "Confirm", Headline: confirmationTypes[c.Type], Summary: []string{""},
		}
	}
	o := st.offers[c.Offer]
	give, receive, other := o.Give, o.Receive, o.To
	if o.To == c.Account {
		give, receive, other = o.Receive, o.Give, o.From
	}
	return confirmationJSON{
		Type: 2, TypeName: "Trade Offer", ID: decimal(c.ID), CreatorID: decimal(o.ID), Nonce: decimal(c.Nonce),
		CreationTime: c.Created.seconds(), Cancel: "Cancel", Accept: "Accept", Icon: q.base(community) + "/economy/image/" + iconOf(st, give),
		Multi: true, Headline: st.byID[other].name(),
		Summary: []string{fmt.Sprintf("You will give up %d item(s)", len(give)), fmt.Sprintf("You will receive %d item(s)", len(receive))},
	}
}

func iconOf(st *state, refs []ref) string {
	for _, r := range refs {
		if c := st.byClass[r.Class]; c != nil {
			return c.look.icon
		}
	}
	return ""
}

func (q *call) confirmOne() (reply, error) {
	return q.confirm([]string{q.r.FormValue("cid")}, []string{q.r.FormValue("ck")})
}

// confirmMany takes cid[0], cid[1], … as well as cid[] and cid several times.
func (q *call) confirmMany() (reply, error) {
	return q.confirm(q.repeated("cid"), q.repeated("ck"))
}

func (q *call) repeated(name string) []string {
	form := q.r.PostForm
	if list := slices.Concat(form[name+"[]"], form[name]); len(list) > 0 {
		return list
	}
	var list []string
	for i := 0; ; i++ {
		v, ok := form[name+"["+strconv.Itoa(i)+"]"]
		if !ok || len(v) == 0 {
			return list
		}
		list = append(list, v[0])
	}
}

func (q *call) confirm(ids, nonces []string) (reply, error) {
	me, refused := q.confirmer()
	if refused != nil {
		return *refused, nil
	}
	op := q.r.FormValue("op")
	if op != "allow" && op != "cancel" || len(ids) == 0 || len(ids) != len(nonces) {
		return unanswered("", ""), nil
	}
	c := &confirmCommand{Allow: op == "allow"}
	if q.sim.state.Settings.KeysOnce {
		c.Account, c.Key = me.SteamID, usedKey{q.key(), stamp(q.integer("t")) * stamp(time.Second/time.Microsecond)}
		if slices.Contains(me.UsedKeys, c.Key) {
			return unanswered("Oh nooooooes!", "This confirmation key has been used already."), nil
		}
	}
	for i := range ids {
		one := q.findConfirmation(me, ids[i], nonces[i])
		if one != nil && one.Type == 0 && c.Allow {
			if err := q.discover(q.sim.state.offers[one.Offer]); err != nil {
				return reply{}, err
			}
			one = q.findConfirmation(me, ids[i], nonces[i])
		}
		if one == nil || c.Allow && !q.confirmable(one, me) || slices.Contains(c.IDs, one.ID) {
			return unanswered("", ""), nil
		}
		c.IDs = append(c.IDs, one.ID)
	}
	if err := q.sim.do(q.at, c); err != nil {
		return reply{}, err
	}
	return document(map[string]any{"success": true}), nil
}

func (q *call) findConfirmation(me *account, id, nonce string) *confirmation {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil
	}
	c := q.sim.state.confirms[n]
	if c == nil || c.Account != me.SteamID || decimal(c.Nonce) != nonce {
		return nil
	}
	return c
}

// confirmable reports whether allowing would work now.
func (q *call) confirmable(c *confirmation, me *account) bool {
	if c.Type != 0 {
		return true
	}
	st := q.sim.state
	o := st.offers[c.Offer]
	if q.at >= o.Expires || o.Confirming && st.refuseAccept(o, q.at) != steam.ResultOK {
		return false
	}
	if !st.Settings.RequireAcknowledge || me.Acknowledged {
		return true
	}
	return !slices.ContainsFunc(o.assets(), func(r ref) bool { return st.protection(r.App) > 0 })
}
