package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/skinrail/skinrail/client"
)

func Example() {
	ctx, shop := context.Background(), shop()
	link, err := shop.Create(ctx, client.CreateRequest{OrderID: "inv-1001", MinAmount: "0.10", Currency: "usd"})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The payer goes to link.URL. Here the sandbox plays him.
	if err := play("/deposits/" + link.TransactionID.String() + "/in_hold"); err != nil {
		fmt.Println(err)
		return
	}
	d, err := shop.OrderStatus(ctx, "inv-1001")
	fmt.Println(d.Status, d.Amount.Cmp("0") > 0, len(d.Skins), err)

	_, err = shop.Create(ctx, client.CreateRequest{OrderID: "inv-1001"})
	fmt.Println(errors.Is(err, client.ErrOrderExists))
	// Output:
	// in_hold true 1 <nil>
	// true
}

func ExampleClient_Buy() {
	ctx, shop := context.Background(), shop()
	groups, err := shop.PriceList(ctx, "cs2")
	if err != nil || len(groups) == 0 {
		fmt.Println("nothing on sale", err)
		return
	}
	bought, err := shop.Buy(ctx, client.BuyRequest{Name: groups[0].Name, MaxPrice: groups[0].Price, Partner: "39734474", Token: "Aut0-acc", CustomID: "wd-77"})
	fmt.Println(bought.OfferStatus, bought.Debited.Cmp(groups[0].Price), err)
	known, err := shop.PurchasesByCustomID(ctx, "wd-77", "wd-78")
	fmt.Println(len(known), known[0].CustomID, err)
	_, err = shop.Buy(ctx, client.BuyRequest{Name: "No such skin", Partner: "39734474", Token: "Aut0-acc"})
	fmt.Println(errors.Is(err, client.ErrUnavailable))
	// Output:
	// creating_trade 0 <nil>
	// 1 wd-77 <nil>
	// true
}

func ExampleClient_AllOrders() {
	ctx, shop := context.Background(), shop()
	for i := range 3 {
		if _, err := shop.Create(ctx, client.CreateRequest{OrderID: fmt.Sprint("list-", i)}); err != nil {
			fmt.Println(err)
		}
	}
	count := 0
	for d, err := range shop.AllOrders(ctx, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
		if err != nil {
			fmt.Println(err)
			break
		}
		if len(d.OrderID) == 6 && d.OrderID[:5] == "list-" {
			count++
		}
	}
	fmt.Println(count)
	// Output: 3
}

func ExampleClient_Balance() {
	b, err := shop().Balance(context.Background())
	fmt.Println(b.Available.Cmp("0") > 0, b.AvailableIn["rub"].Cmp(b.Available) > 0, err)
	// Output: true true <nil>
}

// Events are followed from a position that is kept, so that none is missed
// while the program is not running.
func ExampleClient_Events() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	shop := shop()
	var at client.Position
	buy := func(custom string) {
		_, err := shop.Buy(ctx, client.BuyRequest{Name: "P250 | Sand Dune (Field-Tested)", Partner: "39734474", Token: "Aut0-acc", CustomID: custom})
		if err != nil {
			fmt.Println(err)
		}
	}
	heard := make(chan struct{})
	go func() { // buys until it is heard: what happens before the connection stands is not
		for n := 1; ; n++ {
			select {
			case <-heard:
				return
			case <-time.After(200 * time.Millisecond):
				buy(fmt.Sprint("ws-", n))
			}
		}
	}()
	for e, err := range shop.Events(ctx, at) {
		if err != nil {
			fmt.Println(err)
			return
		}
		at = e.Position()
		if e.Bought != nil {
			fmt.Println("bought", e.Bought.Item.Name)
			break
		}
	}
	close(heard)
	buy("ws-later") // nobody listens
	for e, err := range shop.Events(ctx, at) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if e.Bought != nil && e.Bought.CustomID == "ws-later" {
			fmt.Println("bought", e.Bought.CustomID)
			break
		}
	}
	// Output:
	// bought P250 | Sand Dune (Field-Tested)
	// bought ws-later
}

// A receiver of deposit notifications.
func ExampleVerifier_Deposit() {
	p := ready().Projects[0]
	v := client.Verifier{ID: p.ClientID, Secret: p.ClientSecret, WebhookSecret: p.WebhookSecret}
	told := make(chan client.Deposit, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, err := v.Deposit(r)
		if err != nil {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		told <- d // store it; credit once by d.TransactionID
	}))
	defer receiver.Close()
	link, err := shop().Create(context.Background(), client.CreateRequest{OrderID: "told-1", ResultURL: receiver.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := play("/deposits/" + link.TransactionID.String() + "/fail"); err != nil {
		fmt.Println(err)
		return
	}
	for d := range told {
		fmt.Println(d.OrderID, d.Status)
		if d.Status == client.StatusFail {
			break
		}
	}
	forged := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	_, err = v.Deposit(forged)
	fmt.Println(errors.Is(err, client.ErrForged))
	// Output:
	// told-1 pending
	// told-1 fail
	// true
}
