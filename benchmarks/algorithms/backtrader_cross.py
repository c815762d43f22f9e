"""cross.py for backtrader (its package's folder is the second argument), over the same zips."""
import glob
import os
import sys
import time
import zipfile
from datetime import datetime, timedelta

sys.path.insert(0, sys.argv[2])
import backtrader as bt  # noqa: E402


class Zips(bt.feeds.DataBase):
    params = (("folder", ""), ("timeframe", bt.TimeFrame.Minutes), ("compression", 1))

    def start(self):
        super().start()
        self.rows = self.read()

    def read(self):
        for path in sorted(glob.glob(os.path.join(self.p.folder, "equity", "usa", "minute", "spy", "*.zip"))):
            day = datetime.strptime(os.path.basename(path)[:8], "%Y%m%d")
            with zipfile.ZipFile(path) as z:
                for line in z.read(z.namelist()[0]).decode().splitlines():
                    at, o, h, l, c, v = line.split(",")
                    yield day + timedelta(milliseconds=int(at)), int(o) / 10000, int(h) / 10000, int(l) / 10000, int(c) / 10000, int(v)

    def _load(self):
        row = next(self.rows, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0] = bt.date2num(row[0])
        lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row[1:]
        lines.openinterest[0] = 0
        return True


class Cross(bt.Strategy):
    def __init__(self):
        self.fast = bt.ind.SMA(period=200)
        self.slow = bt.ind.SMA(period=2000)
        self.trades = 0
        self.bars = 0

    def next(self):
        self.bars += 1
        if self.position:
            if self.fast[0] < self.slow[0] * 0.995:
                self.close()
                self.trades += 1
        elif self.fast[0] > self.slow[0] * 1.005 and self.data.close[0] > self.fast[0]:
            self.buy(size=int(0.9 * self.broker.get_cash() / self.data.close[0]))
            self.trades += 1


begun = time.perf_counter()
cerebro = bt.Cerebro(stdstats=False)
cerebro.broker.set_cash(100_000)
cerebro.adddata(Zips(folder=sys.argv[1]))
cerebro.addstrategy(Cross)
done = cerebro.run()[0]
print(time.perf_counter() - begun, done.trades, done.bars)
