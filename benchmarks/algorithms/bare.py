"""The loop of cross.py with nothing around it, over the same zips."""
import glob
import os
import sys
import time
import zipfile
from collections import deque

bars = []
for path in sorted(glob.glob(os.path.join(sys.argv[1], "equity", "usa", "minute", "spy", "*.zip"))):
    with zipfile.ZipFile(path) as z:
        for line in z.read(z.namelist()[0]).decode().splitlines():
            at, o, h, l, c, v = line.split(",")
            bars.append((int(at), int(o) / 10000, int(h) / 10000, int(l) / 10000, int(c) / 10000, int(v)))


class Average:
    def __init__(self, period):
        self.period = period
        self.window = deque()
        self.sum = 0.0
        self.value = 0.0

    def update(self, x):
        self.window.append(x)
        self.sum += x
        if len(self.window) > self.period:
            self.sum -= self.window.popleft()
        self.value = self.sum / len(self.window)

    @property
    def is_ready(self):
        return len(self.window) == self.period


class Cross:
    def __init__(self):
        self.fast = Average(200)
        self.slow = Average(2000)
        self.cash = 100_000.0
        self.quantity = 0
        self.price = 0.0
        self.trades = 0

    def on_data(self, bar):
        if not self.slow.is_ready:
            return
        fast, slow = self.fast.value, self.slow.value
        if self.quantity:
            if fast < slow * 0.995:
                self.trade(-self.quantity)
        elif fast > slow * 1.005 and self.price > fast:
            self.trade(int(0.9 * self.cash / self.price))

    def trade(self, quantity):
        self.cash -= quantity * self.price
        self.quantity += quantity
        self.trades += 1


algorithm = Cross()
begun = time.perf_counter()
for bar in bars:
    algorithm.price = bar[4]
    algorithm.fast.update(bar[4])
    algorithm.slow.update(bar[4])
    algorithm.on_data(bar)
print(time.perf_counter() - begun, algorithm.trades, len(bars))
