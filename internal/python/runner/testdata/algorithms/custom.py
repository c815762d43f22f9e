from AlgorithmImports import *


class Mood(PythonData):
    """A value a day, out of the object store."""

    def get_source(self, config, date, is_live):
        return SubscriptionDataSource("mood.csv", SubscriptionTransportMedium.OBJECT_STORE, FileFormat.CSV)

    def reader(self, config, line, date, is_live):
        if not line or not line[0].isdigit():
            return None
        day, value = line.split(",")
        row = Mood()
        row.symbol = config.symbol
        row.time = datetime.strptime(day, "%Y-%m-%d")
        row.end_time = row.time + timedelta(days=1)
        row.value = float(value)
        row["mood"] = float(value) * 2
        return row


class Custom(QCAlgorithm):
    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        lines = ["day,value"]
        for n in range(4):
            lines.append(f"{self.start_date + timedelta(days=n):%Y-%m-%d},{[1, -1, 2, -2][n]}")
        self.object_store.save("mood.csv", "\n".join(lines))
        self.spy = self.add_equity("SPY", Resolution.HOUR).symbol
        self.mood = self.add_data(Mood, "MOOD", Resolution.DAILY).symbol

    def on_data(self, data):
        if self.mood not in data:
            return
        row = data[self.mood]
        self.log(f"{row.value:g} {row['mood']:g}")
        if self.securities[self.spy].price:
            self.set_holdings(self.spy, 0.5 if row.value > 0 else 0)
