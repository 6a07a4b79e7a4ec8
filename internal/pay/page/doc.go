// Package page draws the payment page: its views, texts, style and script.
//
// It knows no rooms and decides nothing. The door fills a view with what is
// true now; everything in a view is plain text and is escaped here. Every page
// works without script: forms and links do the whole job, and the script only
// makes choosing and waiting more comfortable. Nothing is loaded from elsewhere.
package page
