// Package tws is the wire between TWS (or IB Gateway) and its API clients, in
// the classic text framing at server versions 176 to 178.
//
// A message is described once, by its Walk method, which names its fields in
// wire order. Encoder, decoder, client and server all go by that description:
//
//	func (m *TickSize) Walk(f *Fields) {
//		f.Version(6)
//		f.Int(&m.ReqID)
//		f.Int(&m.TickType)
//		f.Num(&m.Size)
//	}
//
// What a client sends are requests, what TWS sends are replies; ids mean
// different things in either direction, so each has a table of its own.
//
//	payload, err := tws.ReadFrame(r, nil)
//	m, err := tws.DecodeReply(payload, tws.MaxVersion)
//	switch m := m.(type) {
//	case *tws.TickPrice: …
//	}
//
// Numbers are decimals, never floats. What may be unset is an OptNum or an
// OptInt, whose zero value is unset; the sentinels of the wire (empty, the
// largest double, the largest integers) become that and come from it.
package tws
