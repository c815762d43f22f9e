// Package ibkr is Interactive Brokers as a broker of the desk, through TWS or IB
// Gateway.
//
// TWS keeps no numbered record of what happens, so this package keeps one: every
// order's id goes out as its orderRef, and what TWS tells of it is folded into
// events that are on disk before anybody hears of them. After a break the open
// orders, the day's executions and the completed orders are read again and
// folded the same way, joined by orderRef and permId; an execution counts once,
// however often it is told. Orders that somebody placed by hand become orders of
// the account with an id of their own.
//
// What kind of money an account holds is proved by its name, never believed:
// DUSIM is a paper TWS of the desk, DU and DF are IBKR's paper accounts, and any
// other is live and needs the operator's file to name it.
//
//	b, err := ibkr.Open(ibkr.Config{DB: db, Allowed: policy.MayTrade})
//	account, err := b.Connect(ctx, "conn-1", ibkr.Params{Addr: "127.0.0.1:7497", ClientID: 1})
package ibkr
