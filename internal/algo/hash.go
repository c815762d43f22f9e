package algo

import (
	"crypto/md5" //nolint:gosec // the order list's published checksum is an MD5
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/num"
)

// OrderHash is LEAN's checksum of a run's orders, from their JSON.
func (e *Engine) OrderHash() string {
	var parts []string
	for _, t := range e.all {
		parts = append(parts, OrderJSON(t.Order))
	}
	sum := md5.Sum([]byte(strings.Join(parts, ","))) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// netDecimal prints a decimal as a JSON number with a point.
func netDecimal(d num.Decimal) string {
	s := d.String()
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// netTime prints a time as Newtonsoft's serializer does: no fraction that is zero.
func netTime(utc int64) string {
	t := time.Unix(0, utc).UTC()
	s := t.Format("2006-01-02T15:04:05")
	if ticks := t.Nanosecond() / 100; ticks > 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%07d", ticks), "0")
	}
	return s + "Z"
}

func quoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // writes to a builder: cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// OrderJSON is an order's JSON in the order of members that the hash is made of.
func OrderJSON(o *Order) string {
	var m []string
	add := func(name, value string) { m = append(m, `"`+name+`":`+value) }
	price := func(d num.Decimal) string { return netDecimal(SmartRound(d)) }
	kind := fmt.Sprint(uint8(o.Type))
	switch o.Type {
	case Limit:
		add("limitPrice", price(o.LimitPrice))
		add("type", kind)
	case StopMarket:
		add("stopPrice", price(o.StopPrice))
		add("type", kind)
	case StopLimit:
		add("stopPrice", price(o.StopPrice))
		add("stopTriggered", fmt.Sprint(o.Triggered))
		add("limitPrice", price(o.LimitPrice))
		add("type", kind)
	case TrailingStop:
		add("trailingAmount", price(o.Trailing))
		add("trailingAsPercentage", fmt.Sprint(o.AsPercent))
		add("type", kind)
		add("stopPrice", price(o.StopPrice))
	case LimitIfTouched:
		add("type", kind)
		add("triggerPrice", price(o.TriggerPrice))
		add("limitPrice", price(o.LimitPrice))
		add("triggerTouched", fmt.Sprint(o.Triggered))
	default:
		add("type", kind)
	}
	add("id", fmt.Sprint(o.ID))
	add("contingentId", "0")
	var ids []string
	for _, id := range o.BrokerIDs {
		ids = append(ids, quoted(id))
	}
	add("brokerId", "["+strings.Join(ids, ",")+"]")
	add("symbol", fmt.Sprintf(`{"value":%s,"id":%s,"permtick":%s}`, quoted(o.Symbol.Value), quoted(o.Symbol.ID), quoted(o.Symbol.Value)))
	add("price", price(o.Price))
	add("priceCurrency", quoted(o.Currency))
	add("time", `"`+netTime(o.Time)+`"`)
	add("createdTime", `"`+netTime(o.Created)+`"`)
	if o.LastFill != 0 {
		add("lastFillTime", `"`+netTime(o.LastFill)+`"`)
	}
	if o.LastUpdate != 0 {
		add("lastUpdateTime", `"`+netTime(o.LastUpdate)+`"`)
	}
	if o.CanceledAt != 0 {
		add("canceledTime", `"`+netTime(o.CanceledAt)+`"`)
	}
	add("quantity", netDecimal(o.Quantity.Normalize()))
	add("status", fmt.Sprint(uint8(o.Status)))
	add("tag", quoted(o.Tag))
	tif := "{}"
	switch o.Properties.TIF.Kind {
	case DayOrder:
		tif = `{"$type":"QuantConnect.Orders.TimeInForces.DayTimeInForce"}`
	case GoodTilDate:
		tif = fmt.Sprintf(`{"$type":"QuantConnect.Orders.TimeInForces.GoodTilDateTimeInForce","Expiry":%q}`, time.Unix(0, o.Properties.TIF.Expiry).UTC().Format("2006-01-02T15:04:05"))
	}
	props := "{"
	for _, x := range o.Properties.Extra {
		props += quoted(x.Name) + ":" + x.JSON + ","
	}
	props += `"timeInForce":` + tif
	if o.Properties.Exchange != "" {
		props += `,"exchange":` + o.Properties.Exchange
	}
	add("properties", props+"}")
	add("securityType", fmt.Sprint(uint8(o.Symbol.Kind)))
	add("direction", fmt.Sprint(uint8(o.Direction())))
	add("value", netDecimal(o.Quantity.Normalize().Mul(SmartRound(o.Price))))
	if d := o.Submission; d != nil {
		add("orderSubmissionData", fmt.Sprintf(`{"bidPrice":%s,"askPrice":%s,"lastPrice":%s}`, netDecimal(d.Bid), netDecimal(d.Ask), netDecimal(d.Last)))
	} else {
		add("orderSubmissionData", "null")
	}
	rounded := *o
	rounded.LimitPrice = SmartRound(o.LimitPrice)
	add("isMarketable", fmt.Sprint(marketable(&rounded)))
	add("priceAdjustmentMode", fmt.Sprint(uint8(o.Adjustment)))
	return "{" + strings.Join(m, ",") + "}"
}
