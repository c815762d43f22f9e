from AlgorithmImports import *


class Listed(PythonData):
    """One ticker a line, from the object store."""

    def get_source(self, config, date, is_live):
        return SubscriptionDataSource("listed", SubscriptionTransportMedium.OBJECT_STORE, FileFormat.CSV)

    def reader(self, config, line, date, is_live):
        day, ticker = line.split(",")
        p = Listed()
        p.symbol = Symbol.create(ticker, SecurityType.EQUITY, "usa")
        p.time = datetime.strptime(day, "%Y%m%d")
        p.end_time = p.time + timedelta(days=1)
        p.value = 1.0
        return p


class Selection(QCAlgorithm):
    """Universes of companies with a second selection, on a schedule, of a date
    rule, and of points of a type of its own."""

    def initialize(self):
        start, end = (datetime.strptime(self.get_parameter(n), "%Y-%m-%d") for n in ("start", "end"))
        self.set_start_date(start)
        self.set_end_date(end)
        self.universe_settings.resolution = Resolution.DAILY
        self.object_store.save("listed", "\n".join(f"{(start + timedelta(days=d)):%Y%m%d},{t}" for d, t in ((1, "IBM"), (1, "AIG"), (4, "AIG"))))
        self.two = self.add_universe(self.coarse, self.fine)
        weekly = UniverseSettings(self.universe_settings)
        weekly.schedule.on(self.date_rules.week_start())
        self.weekly = self.add_universe(FundamentalUniverse.usa(self.most("weekly", 1), weekly))
        self.add_universe(self.date_rules.every(DayOfWeek.WEDNESDAY), self.most("Wednesdays", 2))
        self.listed = self.add_universe(Listed, "listed", Resolution.DAILY, self.own)
        self.add_universe(ScheduledUniverse(self.date_rules.every_day(), self.time_rules.at(12, 0), self.noon))

    def coarse(self, rows):
        return [r.symbol for r in sorted(rows, key=lambda r: -r.dollar_volume)[:5]]

    def fine(self, rows):
        self.log(f"fine: {[r.symbol.value for r in rows]} {[r.valuation_ratios.pe_ratio > 0 for r in rows]}")
        return [r.symbol for r in rows][:2]

    def most(self, name, n):
        def choose(rows):
            self.log(f"{name}: {len(rows) > 0}")
            return [r.symbol for r in sorted(rows, key=lambda r: -r.volume)[:n]]
        return choose

    def own(self, points):
        self.log(f"own: {[p.symbol.value for p in points]}")
        return [p.symbol for p in points]

    def noon(self, time):
        self.log(f"noon: {time}")
        return Universe.UNCHANGED

    def on_securities_changed(self, changes):
        self.log(f"added {sorted(s.symbol.value for s in changes.added_securities)}, removed {sorted(s.symbol.value for s in changes.removed_securities)}")

    def on_end_of_algorithm(self):
        self.log(f"members {sorted(s.value for s in self.two.members.keys())} {sorted(s.value for s in self.listed.selected)}")
