package skinsback

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/steam"
)

// form of a price list.
type listForm uint8

const (
	grouped  listForm = iota // one row per name
	full                     // one row per concrete item
	extended                 // the same with everything known of it
)

// listCache keeps the encoded lists: they are long, and the same for everybody
// until the market changes.
type listCache struct {
	encoded   sync.Map // listKey -> encodedList
	preparing sync.Map // listKey -> *sync.Mutex, held by the one who encodes
}

type listKey struct {
	app  steam.AppID
	form listForm
}

type encodedList struct {
	version int64
	body    []byte
	zipped  []byte
	until   time.Time // it is handed out at least so long, whatever changes
}

// A list that takes long to write is not written all the time: it stays for
// three times as long as that took, up to a bound.
const (
	listRests   = 3
	longestRest = 4 * time.Second
)

// marketPriceList answers what is on sale. extended means something only
// together with full. An unknown game has nothing on sale.
func (d *Door) marketPriceList(c *call) ([]byte, error) {
	k := listKey{form: grouped}
	switch {
	case yes(c.get("full")) && yes(c.get("extended")):
		k.form = extended
	case yes(c.get("full")):
		k.form = full
	}
	var known bool
	if k.app, known = d.game(c.get("game")); !known {
		return d.encodeList(market.Snapshot{Updated: c.now}, k.form, 0), nil
	}
	list, err := d.deps.Market.List(c.ctx, k.app, c.now)
	if err != nil {
		return nil, err
	}
	e, err := d.prepared(k, list)
	if err != nil || !c.gzip {
		return e.body, err
	}
	c.header.Set("Content-Encoding", "gzip")
	return e.zipped, nil
}

// prepared returns a list as it is answered, the one before while somebody
// prepares it; only for the first one callers wait.
func (d *Door) prepared(k listKey, list market.Snapshot) (encodedList, error) {
	v, ok := d.lists.encoded.Load(k)
	if ok && (v.(encodedList).version == list.Version || time.Now().Before(v.(encodedList).until)) {
		return v.(encodedList), nil
	}
	l, _ := d.lists.preparing.LoadOrStore(k, &sync.Mutex{})
	preparing := l.(*sync.Mutex)
	if !ok {
		preparing.Lock()
	} else if !preparing.TryLock() {
		return v.(encodedList), nil
	}
	defer preparing.Unlock()
	if v, ok = d.lists.encoded.Load(k); ok && v.(encodedList).version >= list.Version {
		return v.(encodedList), nil
	}
	began, before := time.Now(), encodedList{}
	if v != nil {
		before = v.(encodedList)
	}
	e := encodedList{version: list.Version, body: d.encodeList(list, k.form, len(before.body))}
	var err error
	if e.zipped, err = zip(e.body, len(before.zipped)); err != nil {
		return encodedList{}, err
	}
	now := time.Now()
	e.until = now.Add(min(longestRest, listRests*now.Sub(began)))
	d.lists.encoded.Store(k, e)
	return e, nil
}

// zip compresses; about is how long the result may be.
func zip(body []byte, about int) ([]byte, error) {
	zipped := bytes.NewBuffer(make([]byte, 0, about+about/8))
	z, err := gzip.NewWriterLevel(zipped, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return zipped.Bytes(), nil
}

// Prepare looks after the price lists that were asked for once, before a caller
// would have to. Call it twice a second, after the market's Refresh.
func (d *Door) Prepare(ctx context.Context) error {
	var errs []error
	d.lists.encoded.Range(func(k, _ any) bool {
		list, err := d.deps.Market.List(ctx, k.(listKey).app, d.deps.Now())
		if err == nil {
			_, err = d.prepared(k.(listKey), list)
		}
		errs = append(errs, err)
		return true
	})
	return errors.Join(errs...)
}

// acceptsGzip reads the header as far as clients write it; one that asks for
// something unknown gets the list as it is.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header["Accept-Encoding"], ","), ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// encodeList writes a list; about is how long it may be.
func (d *Door) encodeList(list market.Snapshot, form listForm, about int) []byte {
	a := success()
	a.b = slices.Grow(a.b, about+about/8)
	a.text("last_update", strconv.FormatInt(list.Updated.Unix(), 10))
	a.begin("items", '[')
	if form == grouped {
		for _, n := range list.Names {
			for _, g := range n.Groups {
				a.group(g)
			}
		}
	} else {
		for _, n := range list.Names {
			d.listName(a, n, form)
		}
	}
	a.end(']')
	return a.done()
}

func (a *answer) group(g market.Group) {
	a.next()
	a.open()
	a.text("name", g.Name)
	a.amount("price", g.Price)
	a.text("classid", g.ClassID)
	a.integer("count", int64(g.Count))
	a.close()
}

// listName writes all items of a name. Most have no phase: then they are what a
// search answers.
func (d *Door) listName(a *answer, n *market.Name, form listForm) {
	if form == full && len(n.Groups) == 1 {
		a.next()
		a.b = append(a.b, itemsOf(n).text...)
		return
	}
	for r := range n.Rows() {
		d.listRows(a, r, form)
	}
}

// listRows writes an item, and once more under its name with the phase: some
// clients match market hash names, others keep the longest name of an id.
func (d *Door) listRows(a *answer, r market.Row, form listForm) {
	names := []string{r.Name}
	if with := r.PhaseName(); with != "" && with != r.Name {
		names = append(names, with)
	}
	for _, name := range names {
		a.next()
		a.open()
		a.itemHead(r.ID, name)
		a.amount("price", r.Price)
		a.itemTail(r.ClassID, r.InstanceID)
		if form == extended {
			d.extras(a, r)
		}
		a.close()
	}
}

// itemHead and itemTail stand around the price, which is a number in one
// answer and text in another.
func (a *answer) itemHead(id int64, name string) {
	a.id("id", id)
	a.text("name", name)
}

func (a *answer) itemTail(class, instance string) {
	a.text("classid", class)
	a.text("instanceid", or(instance, "0"))
}

// extras are the fields of an extended list. What nobody has told us is null or
// empty.
func (d *Door) extras(a *answer, r market.Row) {
	a.text("assetid", r.Asset.ID)
	a.integer("appId", int64(r.Asset.App))
	a.text("border_color", color(r.Color))
	a.text("image", d.pictureOf(r.Asset.App, r.Name, r.Icon))
	a.raw("link", "null")
	a.text("steamid", r.Bot.String())
	a.raw("stickers", "[]")
	a.begin("extra", '{')
	a.nullable("exterior", exterior(r.Name))
	rarity, kind := kindOf(r.Kind)
	a.nullable("quality", qualityOf(r.Name))
	a.nullable("rarity", rarity)
	a.raw("sticker_collection", "null")
	a.nullable("type", kind)
	a.end('}')
}

func (a *answer) nullable(name, s string) {
	if s == "" {
		a.raw(name, "null")
		return
	}
	a.text(name, s)
}

func color(hex string) string {
	if hex == "" {
		return ""
	}
	return "#" + strings.TrimPrefix(hex, "#")
}

// exterior is the wear in brackets at the end of a market hash name.
func exterior(name string) string {
	if i := strings.LastIndex(name, " ("); i >= 0 && strings.HasSuffix(name, ")") {
		return name[i+2 : len(name)-1]
	}
	return ""
}
