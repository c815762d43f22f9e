"""What a result tells beside the engine's own figures."""

from datetime import datetime, timezone

_insights = []
_MOST = 100_000


def watch(seed):
    """Keeps every insight that is made, as the manager forgets those that are
    over, and lets random numbers begin with the run's seed."""
    import random
    from .framework import InsightManager

    random.seed(seed)
    try:
        import numpy
        numpy.random.seed(seed % 2**32)
    except ImportError:
        pass

    plain = InsightManager.add

    def add(self, insight):
        if len(_insights) < _MOST:
            _insights.append(insight)
        return plain(self, insight)

    InsightManager.add = InsightManager.Add = add


def _seconds(t):
    if not isinstance(t, datetime):
        return None
    if t.tzinfo is None:
        t = t.replace(tzinfo=timezone.utc)
    return t.timestamp()


def _number(x):
    return None if x is None else float(x)


def _insight(i):
    start, end = _seconds(i.generated_time_utc), _seconds(i.close_time_utc)
    return {
        "id": str(i.id), "group": None if i.group_id is None else str(i.group_id), "source": str(i.source_model or ""),
        "generated": start, "close": end, "symbol": i.symbol._h, "type": int(i.type), "direction": int(i.direction),
        "period": None if start is None or end is None else end - start,
        "reference": _number(i.reference_value), "reference_final": _number(i.reference_value_final),
        "magnitude": _number(i.magnitude), "confidence": _number(i.confidence), "weight": _number(i.weight),
        "estimated": _number(i.estimated_value), "tag": str(i.tag or ""),
        "score_final": bool(i.score.is_final_score), "score_direction": float(i.score.direction), "score_magnitude": float(i.score.magnitude),
    }


def _series(s):
    return {"color": str(getattr(s, "color", "") or ""), "marker": str(getattr(s, "scatter_marker_symbol", "") or "")}


def collect(algorithm):
    """The algorithm's own statistics, charts' looks and insights."""
    charts = {}
    for name, chart in list(algorithm._charts.items()):
        charts[str(name)] = {str(s): _series(v) for s, v in list(getattr(chart, "series", {}).items())}
    return {
        "name": str(algorithm._name), "tags": [str(t) for t in algorithm._tags],
        "runtime": {str(k): str(v) for k, v in algorithm._runtime.items()},
        "summary": {str(k): str(v) for k, v in algorithm._summary.items()},
        "insights": [_insight(i) for i in _insights], "charts": charts,
    }
