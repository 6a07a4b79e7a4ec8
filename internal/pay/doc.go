// Package pay is the door for payers: the payment page, drawn on the server.
//
// A link leads to one deposit and is the only thing a payer needs; whoever has
// it may act, which is why nothing here moves an item: that takes a trade offer
// that the payer accepts on Steam himself.
//
//	GET  /pay/{hash}/ · /pay/{hash} · /pay?hash=   the page, whatever the state is
//	POST /pay/{hash}/signin                        to Steam's sign-in
//	GET  /pay/signin/return                        and back
//	POST /pay/{hash}/account                       forgets the account
//	POST /pay/{hash}/trade-url                     keeps the trade URL
//	POST /pay/{hash}/review                        shows a choice (without script)
//	POST /pay/{hash}/send                          sends it
//	GET  /pay/{hash}/status                        for the script: JSON, or the state drawn
//	GET  /pay/assets/{version}/{file}              style and script
//	GET  /img/item                                 a picture drawn from a name
//
// What the page shows comes from the rooms alone, so a reload shows the same.
// The page may be framed by the merchant. In a frame cookies are not to be had,
// so the sign-in runs in a window of its own that owns its cookie, and the frame
// sees by asking that the account is there.
package pay
