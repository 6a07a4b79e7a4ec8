package skinsback

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	idText      = regexp.MustCompile(`^[1-9][0-9]*$`)
	steamText   = regexp.MustCompile(`^[0-9]{17}$`)
	tokenText   = regexp.MustCompile(`^[0-9A-Za-z_-]{8}$`)
	codeText    = regexp.MustCompile(`(?i)^(usd|rub|eur)$`)
)

// malformed says of a value that no careful reader takes it for such a
// parameter. What counts as not sent, and what is merely unknown, is not.
func malformed(method, name, schema, value string, form bool) bool {
	var v any
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	text, isText := "", true
	if form {
		text = unquote(value)
	} else if err := d.Decode(&v); err == nil {
		switch v := v.(type) {
		case nil:
			return false
		case string:
			text = v
		case json.Number:
			text, isText = v.String(), false
		case []any:
			return malformedList(schema, len(v))
		default:
			return schema != "Anything" && schema != "Flag" && schema != "" && !(schema == "Game" && strings.HasPrefix(method, "market"))
		}
	}
	if text == "" {
		return false
	}
	whole := isText || !strings.ContainsAny(text, ".eE")
	switch schema {
	case "MerchantID":
		return !whole || utf8.RuneCountInString(text) > 255 || strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text)
	case "SteamID":
		return !steamText.MatchString(text) || text <= "76561197960265728" || text > "76561202255233023"
	case "Token":
		return !tokenText.MatchString(text)
	case "AnyID":
		return !idText.MatchString(text) || name == "partner" && (len(text) > 10 || len(text) == 10 && text > "4294967295")
	case "Decimal", "Seconds":
		return isText && !decimalText.MatchString(text) || strings.HasPrefix(text, "-") && strings.Trim(text, "-0.") != ""
	case "URL":
		return !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") || name == "result_url" && slices.Contains(private, text)
	case "CurrencyCode":
		return !isText || !codeText.MatchString(text)
	case "ShortText":
		return !whole || utf8.RuneCountInString(text) > 4 || strings.ContainsFunc(text, unicode.IsSpace) || strings.ContainsFunc(text, unicode.IsControl)
	case "Game":
		return !strings.HasPrefix(method, "market") && (!isText || !slices.Contains([]string{"cs2", "csgo", "dota2", "rust", "tf2"}, text))
	case "Name":
		return !whole
	case "List", "Names", "AssetIDs", "Wishes":
		return true
	}
	return false
}

// malformedList is [malformed] for a list of n elements.
func malformedList(schema string, n int) bool {
	switch schema {
	case "Anything", "Flag", "Game", "":
		return false
	case "List", "Names":
		return n == 0 || n > 1000
	case "AssetIDs", "Wishes":
		return n == 0 || n > 100
	}
	return true
}
