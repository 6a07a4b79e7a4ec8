package purchase

import (
	"time"

	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/money"
)

// Changed is the body of [event.PurchaseBought] and [event.PurchaseChanged]: the
// purchase as it was right after the change, complete, so that encoding it
// reads nothing else. Money is in thousandths of USD, times are Unix seconds.
type Changed struct {
	ID         int64        `json:"id"`
	CustomID   string       `json:"custom_id,omitempty"`
	State      State        `json:"state"`
	Reason     string       `json:"reason,omitempty"`
	Partner    string       `json:"partner"` // SteamID64
	ItemID     int64        `json:"item_id"`
	Name       string       `json:"name"`
	ClassID    string       `json:"class_id"`
	InstanceID string       `json:"instance_id"`
	Price      money.Amount `json:"price"`
	OfferID    string       `json:"offer_id,omitempty"`
	Created    int64        `json:"created"`
}

// BalanceChanged is the body of [event.BalanceChanged]: what is available now.
type BalanceChanged struct {
	Balance money.Amount `json:"balance"`
}

// Changed is the purchase in the form of its event; also for the door, so that
// a status that is asked for and one that is pushed are the same.
func (p Purchase) Changed() Changed {
	return Changed{ID: p.ID, CustomID: p.CustomID, State: p.State, Reason: p.Reason, Partner: p.Partner.String(), ItemID: p.ItemID,
		Name: p.Name, ClassID: p.ClassID, InstanceID: p.InstanceID, Price: p.Price, OfferID: string(p.OfferID),
		Created: p.CreatedAt.Unix()}
}

// news is the event of a change of the purchase.
func (p Purchase) news(kind event.Kind, now time.Time) event.NewEvent {
	return event.NewEvent{Project: p.Project, Kind: kind, Subject: p.Owner(), At: now, Body: p.Changed()}
}

func balanceNews(project int64, available money.Amount, now time.Time) event.NewEvent {
	return event.NewEvent{Project: project, Kind: event.BalanceChanged, Subject: event.BalanceSubject(project), At: now,
		Body: BalanceChanged{Balance: available}}
}
