// Walks through a TWS as a program on @stoqey/ib does, and judges every answer.
// Usage: node stoqey.js PORT, with @stoqey/ib where NODE_PATH finds it.
// It exits 1 at the first step that fails, and at an error nobody asked for.
"use strict";
const assert = require("node:assert/strict");
const { IBApi, EventName: on, SecType, OrderAction, ScanCode } = require("@stoqey/ib");

const account = "DUSIM000001";
const ib = new IBApi({ clientId: 21, host: "127.0.0.1", port: Number(process.argv[2]) });
const expected = new Set(); // "id code" of errors that a step provokes
const unexpected = [];
let steps = 0;

// Decoding errors come as errors too, with the library's own codes, so that
// nothing which is not expected passes.
ib.on(on.error, (err, code, id) => {
  if (!expected.has(`${id} ${code}`)) unexpected.push(`error ${code} of ${id}: ${err && err.message}`);
});
ib.on(on.info, (text, code) => {
  if (![2104, 2106, 2158].includes(code)) unexpected.push(`notice ${code}: ${text}`);
});
process.on("unhandledRejection", (err) => fail(err));
process.on("uncaughtException", (err) => fail(err));

function fail(err) {
  console.error(`FAIL after ${steps} steps: ${(err && err.stack) || err}`);
  unexpected.forEach((u) => console.error(u));
  process.exit(1);
}

// next waits for an event that fits.
function next(event, fits = () => true, ms = 10000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { ib.off(event, hear); reject(new Error(`no ${event} came`)); }, ms);
    function hear(...args) {
      if (!fits(...args)) return;
      clearTimeout(timer);
      ib.off(event, hear);
      resolve(args);
    }
    ib.on(event, hear);
  });
}

// step sends and waits; every step must leave no error behind.
async function step(name, event, send, fits) {
  const came = next(event, fits);
  send();
  let args;
  try { args = await came; } catch (err) { throw new Error(`${name}: ${err.message}`); }
  assert.deepEqual(unexpected, [], name);
  steps++;
  return args;
}

// collected gives what comes of an event until another.
async function collected(name, event, end, send, fits) {
  const list = [];
  const keep = (...args) => list.push(args);
  ib.on(event, keep);
  await step(name, end, send, fits);
  ib.off(event, keep);
  return list;
}

const stock = (symbol) => ({ symbol, secType: SecType.STK, exchange: "SMART", currency: "USD" });
const order = (o) => ({ action: OrderAction.BUY, totalQuantity: 10, orderType: "MKT", tif: "DAY", transmit: true, account, orderRef: "walk", ...o });
const state = (id, s) => (i, status) => i === id && status === s;

async function walk() {
  let [id] = await step("connect", on.nextValidId, () => ib.connect());
  const [seconds] = await step("time", on.currentTime, () => ib.reqCurrentTime());
  assert.ok(Math.abs(seconds - Date.now() / 1000) < 120, "the time");
  const [accounts] = await step("accounts", on.managedAccounts, () => ib.reqManagedAccts());
  assert.equal(accounts, account);

  // Contracts.
  const [, details] = await step("details", on.contractDetails, () => ib.reqContractDetails(1, stock("AAPL")));
  const c = details.contract;
  assert.equal(c.symbol, "AAPL");
  assert.ok(c.conId > 0 && details.minTick === 0.01 && details.timeZoneId === "US/Eastern" && /^\d{8}:/.test(details.tradingHours));
  expected.add("2 200");
  await step("no contract", on.error, () => ib.reqContractDetails(2, stock("NOSUCH")), (e, code, i) => i === 2 && code === 200);
  const [, samples] = await step("symbols", on.symbolSamples, () => ib.reqMatchingSymbols(3, "AAP"));
  assert.ok(samples.some((s) => s.contract.symbol === "AAPL"));
  const [rule, increments] = await step("rule", on.marketRule, () => ib.reqMarketRule(Number(details.marketRuleIds.split(",")[0])));
  assert.ok(rule > 0 && increments[0].increment === 0.01);
  await step("smart components", on.smartComponents, () => ib.reqSmartComponents(4, "9c0001"));

  // History.
  const bars = (list) => list.filter(([, time]) => !String(time).startsWith("finished"));
  const finished = (req) => (r, time) => r === req && String(time).startsWith("finished");
  for (const [req, duration, size, format, shape] of [[5, "1 M", "1 day", 1, /^\d{8}$/], [6, "1 D", "5 mins", 2, /^\d{10}$/], [7, "1 Y", "1 week", 1, /^\d{8}$/], [8, "2 Y", "1 month", 1, /^\d{8}$/]]) {
    const list = bars(await collected(size, on.historicalData, on.historicalData, () => ib.reqHistoricalData(req, c, "", duration, size, "TRADES", 1, format, false), finished(req)));
    assert.ok(list.length > 10, `${size}: ${list.length} bars`);
    let before = "";
    for (const [r, time, open, high, low, close, volume] of list) {
      assert.ok(r === req && shape.test(time) && time > before, `${size}: time ${time} after ${before}`);
      assert.ok(low <= open && low <= close && high >= open && high >= close && low > 0 && volume >= 0, `${size}: bar ${time}`);
      before = time;
    }
  }
  await step("bars that go on", on.historicalDataUpdate, () => ib.reqHistoricalData(9, c, "", "3600 S", "1 min", "TRADES", 1, 1, true), (r, time, open, high, low, close) => r === 9 && low <= close && close <= high);
  ib.cancelHistoricalData(9);
  const [, head] = await step("head", on.headTimestamp, () => ib.reqHeadTimestamp(10, c, "TRADES", true, 1));
  assert.match(head, /^\d{8}-\d\d:\d\d:\d\d$/);
  const [, histogram] = await step("histogram", on.histogramData, () => ib.reqHistogramData(11, c, true, 3, "day"));
  assert.ok(histogram.length > 0);
  const [, ticks] = await step("past ticks", on.historicalTicksLast, () => ib.reqHistoricalTicks(12, c, "", head.replace(/^\d{8}/, "20250620"), 5, "TRADES", 1, false));
  assert.ok(ticks.length > 0 && ticks[0].price > 0);

  // Prices.
  const [, , bid] = await step("prices", on.tickPrice, () => ib.reqMktData(13, c, "233", false, false), (r, field) => r === 13 && field === 1);
  assert.ok(bid > 0);
  ib.cancelMktData(13);
  await step("snapshot", on.tickSnapshotEnd, () => ib.reqMktData(14, c, "", true, false), (r) => r === 14);
  ib.reqMarketDataType(3);
  await step("delayed", on.tickPrice, () => ib.reqMktData(15, c, "", false, false), (r, field, price) => r === 15 && field === 68 && price > 0);
  ib.cancelMktData(15);
  ib.reqMarketDataType(1);
  const [, , b, a] = await step("every tick", on.tickByTickBidAsk, () => ib.reqTickByTickData(16, c, "BidAsk", 0, false));
  assert.ok(b > 0 && a >= b);
  ib.cancelTickByTickData(16);
  await step("5 seconds", on.realtimeBar, () => ib.reqRealTimeBars(17, c, 5, "TRADES", true), (r, t, open, high, low, close) => r === 17 && low <= close && close <= high);
  ib.cancelRealTimeBars(17);
  await step("depth", on.updateMktDepth, () => ib.reqMktDepth(18, c, 3, false), (r, position, op, side, price) => r === 18 && price > 0);
  ib.cancelMktDepth(18, false);

  // The account, before anything is held.
  const summary = await collected("summary", on.accountSummary, on.accountSummaryEnd, () => ib.reqAccountSummary(19, "All", "AccountType,NetLiquidation,BuyingPower,Leverage,$LEDGER:ALL"));
  const valueOf = (tag) => summary.filter(([, , t]) => t === tag).map(([, , , value]) => value)[0];
  assert.equal(valueOf("NetLiquidation"), "1000000.00");
  assert.equal(valueOf("AccountType"), "INDIVIDUAL");
  assert.ok(summary.some(([, , tag, , currency]) => tag === "CashBalance" && currency === "BASE"));
  ib.cancelAccountSummary(19);
  const values = await collected("account", on.updateAccountValue, on.accountDownloadEnd, () => ib.reqAccountUpdates(true, account));
  assert.ok(values.length > 30);
  ib.reqAccountUpdates(false, account);
  assert.equal((await collected("positions", on.position, on.positionEnd, () => ib.reqPositions())).length, 0);
  await step("profit", on.pnl, () => ib.reqPnL(20, account, ""), (r, daily) => r === 20 && daily === 0);

  // Orders.
  const resting = id++;
  await step("a limit order rests", on.orderStatus, () => ib.placeOrder(resting, c, order({ orderType: "LMT", lmtPrice: 1 })), state(resting, "Submitted"));
  const open = await collected("open orders", on.openOrder, on.openOrderEnd, () => ib.reqOpenOrders());
  assert.ok(open.length === 1 && open[0][0] === resting && open[0][2].lmtPrice === 1 && open[0][2].orderRef === "walk" && open[0][3].status === "Submitted");
  await step("it changes", on.openOrder, () => ib.placeOrder(resting, c, order({ orderType: "LMT", lmtPrice: 2 })), (i, k, o) => i === resting && o.lmtPrice === 2);
  expected.add(`${resting} 202`);
  await step("it is cancelled", on.orderStatus, () => ib.cancelOrder(resting), state(resting, "Cancelled"));
  expected.add("5002 10147");
  await step("nothing to cancel", on.error, () => ib.cancelOrder(5002), (e, code) => code === 10147);
  const tooMuch = id++;
  expected.add(`${tooMuch} 201`);
  await step("too much", on.error, () => ib.placeOrder(tooMuch, c, order({ totalQuantity: 9000000 })), (e, code, i) => i === tooMuch && code === 201);

  const bought = id++;
  const execution = next(on.execDetails), paid = next(on.commissionReport), held = next(on.position, (acc, k, n) => k.symbol === "AAPL" && n === 10);
  const [, , filled, remaining, average] = await step("a fill", on.orderStatus, () => ib.placeOrder(bought, c, order({})), state(bought, "Filled"));
  assert.ok(filled === 10 && remaining === 0 && average > 0);
  const [, , x] = await execution, [fee] = await paid, [, , , cost] = await held;
  assert.ok(x.orderId === bought && x.side === "BOT" && x.shares === 10 && x.price === average && x.orderRef === "walk" && x.acctNumber === account);
  assert.ok(fee.execId === x.execId && fee.commission > 0 && fee.currency === "USD");
  assert.ok(cost > average, "the average cost holds the fee");
  const runs = await collected("executions", on.execDetails, on.execDetailsEnd, () => ib.reqExecutions(21, {}));
  assert.ok(runs.length === 1 && runs[0][2].execId === x.execId);
  const [, position, , , , worth] = await step("profit of one", on.pnlSingle, () => ib.reqPnLSingle(22, account, "", c.conId), (r, n) => r === 22 && n === 10);
  assert.ok(position === 10 && worth > 0);

  const asked = id++;
  const [, , , would] = await step("what if", on.openOrder, () => ib.placeOrder(asked, c, order({ whatIf: true })), (i) => i === asked);
  assert.ok(Number(would.initMarginChange) > 0 && would.commission > 0 && would.status === "PreSubmitted");

  const parent = asked;
  id = parent + 3;
  const sleeping = next(on.orderStatus, state(parent + 2, "PreSubmitted"));
  ib.placeOrder(parent, c, order({ orderType: "LMT", lmtPrice: 1, transmit: false }));
  ib.placeOrder(parent + 1, c, order({ action: OrderAction.SELL, orderType: "LMT", lmtPrice: 99999, parentId: parent, transmit: false }));
  await step("a bracket", on.orderStatus, () => ib.placeOrder(parent + 2, c, order({ action: OrderAction.SELL, orderType: "STP", auxPrice: 0.5, parentId: parent })), state(parent, "Submitted"));
  assert.equal((await sleeping)[6], parent);
  [parent, parent + 1, parent + 2].forEach((i) => expected.add(`${i} 202`).add(`${i} 10148`).add(`${i} 161`));
  const exits = next(on.orderStatus, state(parent + 2, "Cancelled"));
  await step("all are cancelled", on.orderStatus, () => ib.reqGlobalCancel(), state(parent, "Cancelled"));
  await exits;

  const gone = next(on.position, (acc, k, n) => k.symbol === "AAPL" && n === 0), earned = next(on.commissionReport, (r) => r.realizedPNL !== undefined && Math.abs(r.realizedPNL) < 1e6);
  await step("it is sold", on.orderStatus, () => ib.placeOrder(id++, c, order({ action: OrderAction.SELL })), (i, s) => i === id - 1 && s === "Filled");
  await gone;
  await earned;
  const done = await collected("completed", on.completedOrder, on.completedOrdersEnd, () => ib.reqCompletedOrders(false));
  assert.ok(done.length >= 6 && done.some(([, , s]) => s.completedStatus === "Filled Size: 10"));

  // Options.
  const chains = await collected("chain", on.securityDefinitionOptionParameter, on.securityDefinitionOptionParameterEnd, () => ib.reqSecDefOptParams(23, "AAPL", "", SecType.STK, c.conId));
  const [, , , , multiplier, expiries, strikes] = chains[0];
  assert.ok(Number(multiplier) === 100 && expiries.length > 5 && strikes.length > 10);
  const option = { symbol: "AAPL", secType: SecType.OPT, exchange: "SMART", currency: "USD", lastTradeDateOrContractMonth: expiries[6], strike: strikes[20], right: "C", multiplier: 100 };
  const [, od] = await step("an option", on.contractDetails, () => ib.reqContractDetails(24, option), (r) => r === 24);
  assert.equal(od.underSymbol, "AAPL");
  await step("its model", on.tickOptionComputation, () => ib.reqMktData(25, { conId: od.contract.conId, exchange: "SMART" }, "", false, false), (r, field, attr, vol, delta) => r === 25 && field === 13 && vol > 0 && delta > 0 && delta <= 1);
  ib.cancelMktData(25);
  await step("its price", on.tickOptionComputation, () => ib.calculateOptionPrice(26, option, 0.3, strikes[20]), (r) => r === 26);
  await step("its volatility", on.tickOptionComputation, () => ib.calculateImpliedVolatility(27, option, strikes[20] * 0.2, strikes[20]), (r) => r === 27);

  // News, scanners, the rest.
  const [providers] = await step("providers", on.newsProviders, () => ib.reqNewsProviders());
  assert.ok(providers.length > 0);
  await step("news", on.historicalNewsEnd, () => ib.reqHistoricalNews(28, c.conId, providers[0].providerCode, "", "", 10));
  await step("bulletins", on.updateNewsBulletin, () => ib.reqNewsBulletins(true));
  ib.cancelNewsBulletins();
  const [xml] = await step("scanner parameters", on.scannerParameters, () => ib.reqScannerParameters());
  assert.match(xml, /^<\?xml|^<Scan/);
  const rows = await collected("scan", on.scannerData, on.scannerDataEnd, () => ib.reqScannerSubscription(29, { scanCode: ScanCode.MOST_ACTIVE, instrument: "STK", locationCode: "STK.US.MAJOR", numberOfRows: 5 }));
  assert.equal(rows.length, 5);
  ib.cancelScannerSubscription(29);
  await step("events", on.wshMetaData, () => ib.reqWshMetaData(30));
  await step("still there", on.currentTime, () => ib.reqCurrentTime());
  console.log(`${steps} steps held`);
  ib.disconnect();
  process.exit(0);
}
walk().catch(fail);
