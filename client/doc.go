// Package client speaks the merchant API of a Skinrail gateway, and of every
// gateway that is compatible with it: all methods, the notifications with their
// signatures, and the websocket.
//
//	shop := client.New("https://pay.example", "4021", os.Getenv("SKINRAIL_SECRET"))
//	link, err := shop.Create(ctx, client.CreateRequest{OrderID: "inv-1001"})
//	// send the payer to link.URL; what became of it comes to your Result URL
//
// Money is kept as the exact decimal text of the wire, see [Amount]. An answer
// that the gateway refused is an [*Error]. A call that ended without an answer
// may have had its effect: repeat it with the same order or custom id, or with
// the same [IdempotencyKey], and nothing happens twice.
package client
