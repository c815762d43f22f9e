"""Exchanges by the names, codes and markets LEAN knows them by."""
from .names import Api


class Exchange(Api):
    """Where an instrument trades: its name, the code that data bear, and its market."""

    def __init__(self, name="", code="", market="", kinds=()):
        self.name, self.code, self.market, self.security_types = name, code, market, list(kinds)

    def __str__(self):
        return self.name

    def __repr__(self):
        return self.name

    def __eq__(self, other):
        return isinstance(other, Exchange) and (self.code, self.market) == (other.code, other.market)

    def __hash__(self):
        return hash((self.code, self.market))

    def _json(self):
        kinds = ",".join(map(str, self.security_types))
        return f'{{"code":"{self.code}","name":"{self.name}","market":"{self.market}","securityTypes":[{kinds}]}}'


# Attribute, name, code, market, security types.
_TABLE = """
MEMX MEMX MM usa 1
LTSE LTSE L usa 1
NASDAQ NASDAQ Q usa 1
NASDAQ_SC NASDAQ_SC S usa 1
NASDAQ_Options XNDQ XNDQ usa 2 10
BATS BATS Z usa 1
ARCA ARCA P usa 1
ARCA_Options ARCX ARCX usa 2
NYSE NYSE N usa 1
SMART SMART SMART usa 1
OTCX OTCX OTCX usa 1
IEX IEX IEX usa 1
NSX NSE C usa 1
FINRA FINRA D usa 1
ISE ISE I usa 1
CSE CSE M usa 1
CBOE CBOE W usa 1 2 10
C2 C2 W usa 2
NASDAQ_BX NASDAQ_BX B usa 1
SIAC SIAC SIAC usa 1
EDGA EDGA J usa 1
EDGX EDGX K usa 1
EDGO EDGO EDGO usa 2 10
NASDAQ_PSX NASDAQ_PSX X usa 1
BATS_Y BATS_Y Y usa 1
BOSTON BOSTON BB usa 1
BOX BOX B usa 2 10
AMEX AMEX A usa 1
BSE BSE BSE india 1
NSE NSE NSE india 1
AMEX_Options AMEX A usa 2
OPRA OPRA O usa 2
MIAX MIAX M usa 2
MIAX_PEARL MIAX_PEARL MP usa 2 1
MIAX_EMERALD MIAX_EMERALD ME usa 2
MIAX_SAPPHIRE MIAX_SAPPHIRE SPHR usa 2 10
ISE_GEMINI ISE_GEMINI H usa 2
ISE_MERCURY ISE_MERCURY J usa 2
CME CME CME cme 5 8
EUREX EUREX EUREX eurex 5 9
CBOT CBOT CBOT cbot 5 8
CFE CFE CFE cfe 5
COMEX COMEX COMEX comex 5
ICE ICE ICE ice 5
NYMEX NYMEX NYMEX nymex 5 8
NYSELIFFE NYSELIFFE NYSELIFFE nyseliffe 5 8
CSFB CSFB CSFB usa 1
PHLX PHLX X usa 2 10
"""
Exchange.UNKNOWN = Exchange()
for _line in _TABLE.split("\n"):
    if _line:
        _attribute, _name, _code, _market, *_kinds = _line.split()
        setattr(Exchange, _attribute, Exchange(_name, _code, _market, map(int, _kinds)))
