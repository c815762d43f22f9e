from AlgorithmImports import *


class Orders(QCAlgorithm):
    """An order of each type, one of them updated and one canceled."""

    def initialize(self):
        self.set_start_date(*map(int, self.get_parameter("start").split("-")))
        self.set_end_date(*map(int, self.get_parameter("end").split("-")))
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.minute = 0
        self.schedule.on(self.date_rules.every(DayOfWeek.TUESDAY), self.time_rules.at(8, 0), lambda: self.market_on_open_order(self.spy, -20, tag="open"))

    def on_data(self, data):
        if self.spy not in data.bars:
            return
        self.minute += 1
        price = data.bars[self.spy].close
        if self.minute == 1:
            self.market_order(self.spy, 100, tag="market")
            self.limit_order(self.spy, 10, price * 1.001, "limit that fills")
            self.stop_market_order(self.spy, 10, price * 0.999, "stop that is through")
            self.stop_limit_order(self.spy, 10, price * 0.99, price * 1.01, "stop limit")
            self.limit_if_touched_order(self.spy, -10, price * 0.99, price * 0.98, "touched")
            self.trailing_stop_order(self.spy, -10, 0.0005, True, "trailing")
            self.far = self.limit_order(self.spy, 10, price * 0.5, "far")
            self.gone = self.limit_order(self.spy, 10, price * 0.4, "never")
            self.market_on_close_order(self.spy, -20, tag="close")
        elif self.minute == 30:
            fields = UpdateOrderFields()
            fields.limit_price = price * 1.01
            fields.quantity = 5
            self.far.update(fields)
            self.gone.cancel("not wanted")

    def on_order_event(self, event):
        self.log(f"{event.order_id} {event.status} {event.fill_quantity:g} at {event.fill_price:.2f}")

    def on_end_of_algorithm(self):
        self.log(f"{self.portfolio[self.spy].quantity:g} left")
