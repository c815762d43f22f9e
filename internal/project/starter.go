package project

const pythonMain = `# region imports
from AlgorithmImports import *
# endregion


class MyAlgorithm(QCAlgorithm):

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(100_000)
        self._spy = self.add_equity("SPY", Resolution.MINUTE).symbol

    def on_data(self, data: Slice) -> None:
        if not self.portfolio.invested:
            self.set_holdings(self._spy, 1)
`

const csharpMain = `using QuantConnect.Algorithm;
using QuantConnect.Data;

public class MyAlgorithm : QCAlgorithm
{
    public override void Initialize()
    {
        SetStartDate(2013, 10, 7);
        SetEndDate(2013, 10, 11);
        SetCash(100000);
        AddEquity("SPY", QuantConnect.Resolution.Minute);
    }

    public override void OnData(Slice data)
    {
        if (!Portfolio.Invested) SetHoldings("SPY", 1);
    }
}
`

const notebook = `{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": ["Research"]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 2
}
`

// starters are the files of a new project.
func starters(language string) []File {
	if language == CSharp {
		return []File{{"Main.cs", csharpMain}, {"Research.ipynb", notebook}}
	}
	return []File{{"main.py", pythonMain}, {"research.ipynb", notebook}}
}
