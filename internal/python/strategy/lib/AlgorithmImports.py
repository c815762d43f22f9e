"""Everything an algorithm imports with one line."""

from datetime import date, datetime, time, timedelta
import math
import json
import sys
from collections import *
from functools import *
from itertools import *
from math import *

from lean.names import Api
from lean.enums import *
from lean.data import *
from lean.orders import *
from lean.securities import *
from lean.models import *
from lean.schedule import *
from lean.consolidators import *
from lean.indicators import *
from lean.universe import *
from lean.framework import *
from lean.algorithm import *
import lean.indicators as _indicators

globals().update(_indicators._CLASSES)

try:
    import numpy as np
except ImportError:
    from lean import small_numpy as np
try:
    import pandas as pd
except ImportError:
    from lean import frame as pd

from math import floor, ceil


class Extensions(Api):
    @staticmethod
    def to_string(x):
        return str(x)


class Globals:
    DATA_FOLDER = DataFolder = ""


def AddReference(*_):
    """Assemblies are named in older algorithms; there are none here."""
