package page

import (
	"strconv"
	"strings"
)

// Step is where the payer is on the way, as the page numbers it.
type Step int

// The steps. StepNone shows no list of steps.
const (
	StepNone Step = iota
	StepAccount
	StepTradeURL
	StepItems
	StepOffer
	StepDone
)

// Stage is what a pending payment waits for, as a framed page tells its merchant.
type Stage string

// The stages: the payer chooses, the bot makes the offer, the payer accepts it,
// and nobody.
const (
	StageChoosing Stage = "choosing"
	StageSending  Stage = "sending"
	StageOffer    Stage = "offer"
	StageDone     Stage = "done"
)

// Frame is what every page of a payment link shows around its content.
type Frame struct {
	Title    string
	Merchant string // empty: not known
	Limits   string // what the items may be worth together; empty: anything
	Hash     string // the link's secret name; empty: not known
	Step     Step
	Framed   bool   // shown inside the merchant's page
	Watch    string // what the script asks the state for: "" does not
	Key      string // changes with the state, so that the script sees a change
	Refresh  int    // seconds between reloads without script; 0: never
	Closes   int    // seconds until the link ends; 0: not shown
	Payer    Payer
	Notice   string // what just happened, in one sentence
	Order    string // the merchant's name of the deposit; empty: not known
	Status   string // the merchant's word for the state
	Stage    Stage
	Origins  []string // sites that a framed page talks to
	Failed   string   // why there is nothing to pay here; empty: there is
	Version  string   // of style and script
}

// Path is an address under the payment link.
func (f Frame) Path(action string) string { return "/pay/" + f.Hash + "/" + action }

// Asset is the address of the style or the script.
func (f Frame) Asset(name string) string { return "/pay/assets/" + f.Version + "/" + name }

func (f Frame) origins() string { return strings.Join(f.Origins, " ") }

// aside is the target of what must not open inside a frame: Steam refuses to
// be framed, and a sign-in must show its own address bar.
func (f Frame) aside() string {
	if f.Framed {
		return "_blank"
	}
	return "_self"
}

// Payer is the account the page works with.
type Payer struct {
	ID   string // SteamID64; empty: not chosen
	Name string // empty: Steam did not tell
}

// Account asks for the payer's account.
type Account struct {
	Frame
	SteamHost string // where the sign-in happens
	Known     Payer  // the account there is now, when it may be changed
	Error     string
}

// TradeURL asks for the payer's trade URL.
type TradeURL struct {
	Frame
	Help      string // Steam's page where it stands
	SteamHost string
	Value     string // what was entered
	Error     string
}

// Problem says why it cannot go on now and what to do about it.
type Problem struct {
	Frame
	Code      string // stable name, for tests
	Heading   string
	Sentence  string
	Do        []string
	Link      string // a page that helps; empty: none
	LinkText  string
	ChangeURL bool // offer to enter another trade URL
	Account   bool // offer to pay with another account
}

// Money tells the script how sums are made and shown: Rate and Digits are of the
// currency shown, LimitRate and LimitDigits of the currency of Min and Max.
// Rates and limits are exact decimals; limits may be empty.
type Money struct {
	Rate             string
	Digits           int
	Prefix, Suffix   string
	Multiplier       string // empty: the payer is credited the total
	LimitRate        string
	LimitDigits      int
	Min, Max         string
	MinText, MaxText string
	Least            int64 // thousandths of a dollar that the game needs
	LeastText        string
}

// Items lets the payer choose among the items of one game.
type Items struct {
	Frame
	Quote string // under which prices
	Fixed int    // seconds that the prices hold
	Tabs  []Tab
	Game  string // name of the game shown
	Items []Item
	Money Money
	Error string
	Most  int // items in one offer
}

// Tab leads to a game.
type Tab struct {
	ID, Name string
	Current  bool
}

// Item is one thing of the payer. Units is its value in thousandths of a
// dollar, for the running total.
type Item struct {
	App      string
	Asset    string
	Name     string // without what Detail says
	Detail   string // wear, phase
	Full     string // market hash name
	Icon     string // Steam's name of its picture; may be empty
	Price    string
	Units    int64
	Chosen   bool
	Disabled string // why it cannot be chosen; empty: it can
}

func (i Item) units() string { return strconv.FormatInt(i.Units, 10) }

// Review shows what was chosen, before anything happens.
type Review struct {
	Frame
	Quote  string
	Game   string // id, for the way back
	Items  []Item
	Total  string
	Credit string // what the merchant will credit, when it is another figure
	Fixed  int
	Error  string // why it cannot be sent like this; empty: it can
}

// Live is the part of the page that follows the trade: exactly one of Wait,
// Offer and Result is set.
type Live struct {
	Frame
	Wait   *Wait
	Offer  *Offer
	Result *Result
}

// Wait is shown while the offer is being made or looked for.
type Wait struct {
	Heading, Sentence string
	Code              string
}

// Offer is the offer that the payer has to accept.
type Offer struct {
	URL, ID   string
	Code      string
	Bot       string
	Level     int    // 0: not known
	Joined    string // empty: not known
	SteamHost string
	Seconds   int // until it is cancelled
	Items     []Item
	Total     string
}

// Tone is the colour of a result.
type Tone string

// The tones.
const (
	Good    Tone = "good"
	Waiting Tone = "waiting"
	Bad     Tone = "bad"
)

// Result is how it ended, or that only time is missing.
type Result struct {
	Status    string // the merchant's word for the state, for tests
	Tone      Tone
	Heading   string
	Sentence  string
	Until     string // RFC 3339; empty: no date
	UntilText string
	Advice    []string
	KeyPage   string // Steam's page of the payer's API key; empty: no advice needs it
	SteamHost string // where that is
	Again     bool   // a new payment may do better
	Items     []Item
	Total     string
	Credit    string // what the payer gets for it, when it is another figure
	Back      string // the merchant's page; empty: none
	BackHost  string
}

// Failure is a page without a payment.
type Failure struct {
	Frame
	Status   int
	Heading  string
	Sentence string
	Request  string // id to tell the operator; empty: none
	Retry    bool
}

// Return is shown in the window that was opened for the sign-in.
type Return struct {
	Frame
}
