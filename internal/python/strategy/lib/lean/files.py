"""The data folder as an algorithm may name it, and calendars of its code."""

from datetime import datetime, time, timedelta

import _host
from .names import Api
from .enums import Resolution, SecurityType, TickType


class Globals(Api):
    """Paths below the data folder begin with nothing."""

    DATA_FOLDER = data_folder = ""


class LeanData(Api):
    """Names of the data folder's files."""

    @staticmethod
    def generate_zip_file_name(symbol, date, resolution, tick_type):
        kind = "quote" if tick_type == TickType.QUOTE else "openinterest" if tick_type == TickType.OPEN_INTEREST else "trade"
        if resolution not in (Resolution.HOUR, Resolution.DAILY):
            return f"{date.strftime('%Y%m%d')}_{kind}.zip"
        name = symbol.value.lower()
        return f"{name}_{kind}.zip" if symbol.security_type in (SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE) else f"{name}.zip"


def read_lines(_, path):
    """The lines of a file of the data folder, none where it is not there."""
    text = _host.data_file(path)
    return [] if text is None else text.splitlines()


def _midnight(t):
    return datetime.combine(t, time())


class Expiry(Api):
    """When what begins at a time ends, by the calendar."""

    @staticmethod
    def _months(t, n):
        month = t.year * 12 + t.month - 1 + n
        year, month = divmod(month, 12)
        for day in range(t.day, t.day - 4, -1):
            try:
                return t.replace(year=year, month=month + 1, day=day)
            except ValueError:  # the month is shorter
                continue

    ONE_MONTH = OneMonth = staticmethod(lambda t: Expiry._months(t, 1))
    ONE_QUARTER = OneQuarter = staticmethod(lambda t: Expiry._months(t, 3))
    ONE_YEAR = OneYear = staticmethod(lambda t: Expiry._months(t, 12))
    END_OF_DAY = EndOfDay = staticmethod(lambda t: _midnight(t) + timedelta(days=1))
    # A week ends as Sunday turns to Monday.
    END_OF_WEEK = EndOfWeek = staticmethod(lambda t: _midnight(t) + timedelta(days=7 - t.weekday()))
    END_OF_MONTH = EndOfMonth = staticmethod(lambda t: Expiry._months(_midnight(t).replace(day=1), 1))
    END_OF_QUARTER = EndOfQuarter = staticmethod(lambda t: Expiry._months(_midnight(t).replace(day=1, month=(t.month - 1) // 3 * 3 + 1), 3))
    END_OF_YEAR = EndOfYear = staticmethod(lambda t: _midnight(t).replace(year=t.year + 1, month=1, day=1))


class Compression(Api):
    """Zips of one file."""

    @staticmethod
    def zip_bytes(data, entry_name):
        import io
        import zipfile
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr(entry_name, bytes(data))
        return out.getvalue()
