package tws

import (
	"testing"

	"quantdesk/internal/num"
)

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		m    Message
	}{
		{"TickPrice", &TickPrice{ReqID: 9007, TickType: 1, Price: Num(num.MustParse("258.59")), Size: num.FromInt(900), Mask: 1}},
		{"TickSize", &TickSize{ReqID: 9007, Size: num.FromInt(900)}},
		{"OrderStatus", &OrderStatus{OrderID: 7, Status: Submitted, Remaining: num.One, PermID: 600745657, ClientID: 21}},
		{"OpenOrder", &OpenOrder{OrderID: 5, Contract: Contract{ConID: 265598, Symbol: "AAPL", SecType: "STK", Exchange: "SMART", Currency: "USD"}, Order: Order{Action: "BUY", TotalQuantity: num.FromInt(100), OrderType: "LMT", LimitPrice: Num(num.MustParse("129.35"))}, State: OrderState{Status: Submitted}}},
	} {
		frame, err := Append(nil, c.m, MaxVersion)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			d := Decoder{Version: MaxVersion}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Reply(frame[4:]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/encode", func(b *testing.B) {
			buf := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Append(buf, c.m, MaxVersion); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
