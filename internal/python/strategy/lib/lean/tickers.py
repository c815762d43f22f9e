"""Lets real pandas frames of history be asked by ticker: their keys are symbols,
and df.loc["SPY"] means the symbol that was added as SPY."""


def teach(pandas):
    """Makes an index look a text that it does not have up as a ticker."""
    from .data import symbol_of

    base = pandas.Index
    if getattr(base, "_knows_tickers", False):
        return
    plain, inside = base.get_loc, base.__contains__

    def symbol(index, key):
        if isinstance(key, str) and index.dtype == object:
            try:
                return symbol_of(key)
            except KeyError:
                pass
        return None

    def get_loc(self, key, *a, **k):
        try:
            return plain(self, key, *a, **k)
        except KeyError:
            s = symbol(self, key)
            if s is None:
                raise
            return plain(self, s, *a, **k)

    def contains(self, key):
        if inside(self, key):
            return True
        s = symbol(self, key)
        return s is not None and inside(self, s)

    base.get_loc, base.__contains__, base._knows_tickers = get_loc, contains, True
