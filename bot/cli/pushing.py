"""``qianqun groups why`` and ``qianqun eval push``: why the bot did or did not speak, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from bot.cli.session import execute, opened_database, out, report
from bot.settings import Settings
from core.clock import SystemClock
from groups import listing
from groups import repository as group_store
from groups.segments.matching import Segments
from groups.service import GroupService
from recommender import calibration, results
from recommender.calibration import Bin, Decided
from recommender.gain import NO_RESULTS, Record, Result, expected_gain, share_wanted
from recommender.intervals import wilson

_MOST_NEEDS = 200_000
"""Needs that are counted, the newest: they are read into memory."""
_RESULTS = (Result.ORDERED, Result.THANKED, Result.IGNORED, Result.REFUSED, Result.UNSEEN)


def why(wanted: str, config: Path, *, limit: int) -> int:
    """Print a group's results, the bar they set, and its latest needs with the number that decided each."""

    async def work() -> int:
        clock = SystemClock()
        async with opened_database(config) as (settings, database), database.reading() as session:
            try:
                listed = await listing.called(session, wanted)
            except listing.GroupChoiceError as error:
                return report(error)
            found = await results.records(session, [listed.id], clock.now(), settings.recommender)
            needs = await calibration.decided(session, [listed.id], limit)
            state = (await group_store.load(session, [listed.key]))[listed.key]
        groups = GroupService(settings.groups, clock, Segments(settings.segments))
        own = groups.effects(state).threshold
        threshold = settings.recommender.threshold if own is None else own
        out().print(f"group {listed.id}: {listed.topic or 'no topic'}", markup=False)
        for line in _standing(found.get(listed.id, NO_RESULTS), threshold, settings):
            out().print(line, markup=False)
        out().print(_needs(needs, settings) if needs else Text("no need was heard here yet", "dim"))
        return 0

    return execute(work)


def _standing(record: Record, threshold: float, settings: Settings) -> list[str]:
    """Return in words what came of the group's pushes, and how certain the next one must be."""
    chosen = settings.recommender.results
    now = expected_gain(threshold, 1.0, threshold, record, chosen)
    bar = f"a push goes out from a score of {now.bar:.2f} on, the threshold is {threshold:.2f}"
    if not record.pushes:
        return ["no results yet", bar]
    counts = (f"{getattr(record, one.value):.1f} {one.value}" for one in _RESULTS[:4])
    share = f"wanted {share_wanted(record, chosen):.0%}, usual {chosen.usual:.0%}"
    switched = "" if chosen.enabled else "; recommender.results.enabled is false, so they change nothing"
    return [f"results, old ones counting less: {', '.join(counts)}; {share}{switched}", bar]


def _needs(needs: Sequence[Decided], settings: Settings) -> Table:
    table = Table("when", "wanted", "became", "certainty", "fit", "score", "results", "P", "bar", "gain", "came of it")
    for one in needs:
        at = f"{one.at.astimezone(settings.zone):%m-%d %H:%M}"
        became = f"{one.state} ({one.hold})" if one.hold else one.state
        came = "" if one.result is None else one.result.value or "open"
        table.add_row(*map(Text, (at, "、".join(one.terms), became, *_numbers(one.gain), came)))
    return table


def _numbers(gain: dict[str, Any]) -> list[str]:
    """Return certainty, fit, score, the results' correction in log-odds, P, bar and gain; or blanks."""
    names = ("certainty", "fit", "score", "correction", "wanted", "bar", "value")
    signed = {"correction", "value"}
    return [format(gain[name], "+.2f" if name in signed else ".2f") if gain else "" for name in names]


def evaluate(config: Path, group: str) -> int:
    """Print by score how many needs were answered, and what came of the pushes; of one group or of all."""

    async def work() -> int:
        async with opened_database(config) as (_, database), database.reading() as session:
            try:
                ids = [(await listing.called(session, group)).id] if group else None
            except listing.GroupChoiceError as error:
                return report(error)
            bins = calibration.by_score(await calibration.decided(session, ids, _MOST_NEEDS))
        if not any(one.needs for one in bins):
            out().print("no need has been decided with a score yet; let the bot hear some groups first", style="dim")
            return 0
        out().print(_calibration(bins))
        if not any(one.settled for one in bins):
            out().print("no push has a result yet; they come with the job recommender.results, every 15 minutes")
        return 0

    return execute(work)


def _calibration(bins: Sequence[Bin]) -> Table:
    table = Table("score", "needs", "pushes", *(one.value for one in _RESULTS), "open", "wanted")
    for one in bins:
        counts = (one.results[result] for result in (*_RESULTS, Result.OPEN))
        low, high = wilson(round(one.wanted * one.settled), one.settled)
        wanted = f"{one.wanted:.2f} [{low:.2f}, {high:.2f}]" if one.settled else ""
        table.add_row(f"{one.low:.1f}–{one.high:.1f}", str(one.needs), str(one.pushes), *map(str, counts), wanted)
    return table
