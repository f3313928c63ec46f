"""What each part is worth: quality and cost as it is, and with one part left out or done the plain way.

The cost is a ratio inside one run: how many times as long the same work takes without the part (below 1: it is
quicker without). ``docs/how-matching-works.md`` shows one run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from benchmarks import world
from benchmarks.ablation_structures import BATCH, Part, structures
from benchmarks.match_quality import queries_of
from benchmarks.report import ROOT, Options, Report
from benchmarks.stream import lines
from benchmarks.turns import QUICK_ROUNDS, ROUNDS, in_turns, over
from catalog.aliases import AliasTable
from core.text import Normaliser, NormalText
from recommender.evaluation import ANY, judge
from recommender.glancer import Glancer, unread
from recommender.labelled import LabelledLine, read_labelled
from recommender.lexicon import Lexicon
from recommender.match_evaluation import DEPTH, Judgement, compare, mean
from recommender.match_evaluation import judge as judge_ranking
from recommender.need_model import PACKAGED, packaged_text, read_model
from recommender.need_report import hear
from recommender.need_rules import packaged_rules
from recommender.needs import Need, NeedReader
from recommender.ranking import Candidate, Place, allowed, find
from recommender.readings import Reading
from recommender.retrieval import CONFIGURATIONS, Retrieval
from recommender.segmentation import Segmenter

_TALK, _QUICK_TALK = 32 * BATCH, 8 * BATCH
ReadAll = Callable[[Sequence[NormalText]], list[Reading]]
_MATCHING: Mapping[str, str] = {
    "first-step": "the second look",
    "no-filler": "taking the phrases of talk out of a query",
    "no-forms": "other forms of a word (aliases, plural kinds)",
    "no-sounds": "words of the same sound (slips, pinyin)",
    "no-words": "words as terms",
    "no-bigrams": "2-grams as terms",
    "no-characters": "single characters as terms",
    "no-names": "parts of names, counts and amounts as terms",
    "bare": "everything but terms and their weights",
    "words": "everything but words as terms",
    "grams": "everything but 1- and 2-grams as terms",
}
"""By configuration of ``recommender.retrieval``: the part that it lacks."""


def run(options: Options) -> Report:
    report = Report("ablation", "quality and cost with and without each part")
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    parts = [
        *_matching(rounds, report.notes),
        *_answering(rounds, report.notes),
        *_reading(rounds, options, report.notes),
        *structures(rounds, quick=options.quick),
    ]
    report.rows += [part.row() for part in parts]
    report.notes.append(
        "takes ×: time for the same work without the part against the time as it is, turn by turn in one process; "
        "median and extremes. Below 1 it is quicker without."
    )
    return report


def _matching(rounds: int, notes: list[str]) -> list[Part]:
    """Leave parts out of ``qianqun match``, over the demo's titles and the queries kept for judging."""
    products = asyncio.run(world.demo_products())
    ids = [product.supplier_product_id for product in products]
    graded = queries_of("queries.jsonl", set(ids), "test")
    aliases = tuple(AliasTable.load())
    normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
    whole = Retrieval([product.title for product in products], aliases, normaliser)
    ways = {name: whole.with_parts(CONFIGURATIONS[name]) for name in ("full", *_MATCHING)}
    judged: dict[str, list[Judgement]] = {
        name: [judge_ranking([ids[place] for place, _ in way.search(one.query, DEPTH)], one.graded) for one in graded]
        for name, way in ways.items()
    }
    asked = [one.query for one in graded]
    turns = in_turns({name: over(_searching(way), asked) for name, way in ways.items()}, rounds)
    micros = 1e6 / turns.speed("full").median
    notes.append(
        f"matching: {len(asked)} judging queries over {len(ids)} titles; nDCG@{DEPTH} as it is "
        f"{mean([one.ndcg for one in judged['full']])}, {micros:,.0f} µs a query. P@1: share of queries whose first "
        "title fits, as it is and without."
    )
    first = {name: sum(one.first for one in some) / len(some) for name, some in judged.items()}
    worth = {name: sum(one.ndcg for one in some) / len(some) for name, some in judged.items()}
    return [
        Part(
            *("matching", without, f"nDCG@{DEPTH}", f"{worth['full']:.3f}", f"{worth[name]:.3f}"),
            turns.ratio("full", name),
            difference=f"{compare(judged['full'], judged[name]).difference}",
            first=f"{first['full']:.3f} / {first[name]:.3f}",
        )
        for name, without in _MATCHING.items()
    ]


def _searching(way: Retrieval) -> Callable[[str], object]:
    return lambda query: way.search(query, DEPTH)


def _answering(rounds: int, notes: list[str]) -> list[Part]:
    """Leave the closer look out of what a need brings: the judging queries said as needs, over what is on sale."""
    products = asyncio.run(world.demo_products())
    keys = {product.id: product.supplier_product_id for product in products}
    normaliser, recommender = world.understanding(products)
    areas = tuple(sorted({area for product in products for area in product.neighbourhoods}))
    place, cut = Place(areas), Segmenter(Lexicon()).cut
    shown = {keys[item.id] for item in recommender.shelf.items if allowed(item, place, None, world.START)}
    asked: list[tuple[Need, str, Mapping[str, int]]] = []
    for query in queries_of("queries.jsonl", shown, "test"):
        for said in (query.query, f"想买{query.query}"):
            text = normaliser(said)
            need = recommender.read(text, mentioned=True).need
            if need is not None and need.terms:
                asked.append((need, text.text, query.graded))
                break
    ways: dict[str, Callable[[tuple[Need, str, Mapping[str, int]]], list[Candidate]]] = {
        "as it is": lambda one: recommender.fitting(one[0], one[1], place, world.START),
        "without": lambda one: find(one[0], recommender.shelf, place, world.START, cut),
    }
    judged = {
        name: [judge_ranking([keys[candidate.item.id] for candidate in way(one)], one[2]) for one in asked]
        for name, way in ways.items()
    }
    turns = in_turns({name: over(way, asked) for name, way in ways.items()}, rounds)
    notes.append(f"answering: {len(asked)} of those queries said as needs; grades of what may be shown.")
    worth = {name: sum(one.ndcg for one in some) / len(some) for name, some in judged.items()}
    first = {name: sum(one.first for one in some) / len(some) for name, some in judged.items()}
    return [
        Part(
            *("answering", "the closer look at the products of a need", f"nDCG@{DEPTH}"),
            *(f"{worth['as it is']:.3f}", f"{worth['without']:.3f}"),
            turns.ratio("as it is", "without"),
            difference=f"{compare(judged['as it is'], judged['without']).difference}",
            first=f"{first['as it is']:.3f} / {first['without']:.3f}",
        )
    ]


def _reading(rounds: int, options: Options, notes: list[str]) -> list[Part]:
    """Leave parts out of the reading of needs: lines kept for judging, and made-up talk for the time."""
    aliases = tuple(AliasTable.load())
    normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
    lexicon = Lexicon(aliases)
    segmenter, plain = Segmenter(lexicon), Segmenter(lexicon, compiled=False)
    rules, model = packaged_rules(), read_model(packaged_text(), PACKAGED, packaged_rules())
    reader, glancer = NeedReader(lexicon, segmenter, rules, model), Glancer.of(lexicon, segmenter)
    ways: dict[str, ReadAll] = {
        "as it is": _screened(reader, glancer),
        "the screen (everything read in full)": _screened(reader, None),
        "the model that judges what the rules find": _screened(NeedReader(lexicon, segmenter, rules), glancer),
        "the compiled cutter (jieba instead, no screen)": _screened(NeedReader(lexicon, plain, rules, model), None),
    }
    judging = read_labelled([ROOT / "tests" / "data" / "needs_test.jsonl"])
    quality = {name: _heard(way, judging, normaliser, lexicon) for name, way in ways.items()}
    talk = [normaliser(line) for line in islice(lines(_TALK), _QUICK_TALK if options.quick else _TALK)]
    batches = [talk[start : start + BATCH] for start in range(0, len(talk), BATCH)]
    turns = in_turns({name: over(way, batches) for name, way in ways.items()}, rounds)
    first, *others = ways
    micros = 1e6 * len(batches) / len(talk) / turns.speed(first).median
    notes.append(f"reading: {len(judging)} judging lines; batches of {BATCH} of made-up talk, {micros:,.0f} µs a line.")
    return [
        Part(
            *("reading", name, "precision / recall of needs", quality[first], quality[name]),
            turns.ratio(first, name),
        )
        for name in others
    ]


def _screened(reader: NeedReader, glancer: Glancer | None) -> ReadAll:
    """Return the way to read a batch: what is talk at a glance is not read."""

    def read_all(texts: Sequence[NormalText]) -> list[Reading]:
        glances = [None] * len(texts) if glancer is None else glancer(texts)
        return [
            unread(text) if glance is not None and glance.talk(others=False, own=False) else reader.read(text)
            for text, glance in zip(texts, glances, strict=True)
        ]

    return read_all


def _heard(read_all: ReadAll, judging: Sequence[LabelledLine], normaliser: Normaliser, lexicon: Lexicon) -> str:
    """Return precision and recall of needs, whatever their class."""
    readings = read_all([normaliser(line.text) for line in judging])
    verdict = judge(
        hear(line, reading, lambda word: lexicon.canonical(normaliser(word).text)).judged
        for line, reading in zip(judging, readings, strict=True)
    )
    score = verdict.score(ANY)
    return f"{score.precision:.3f} / {score.recall:.3f}"
