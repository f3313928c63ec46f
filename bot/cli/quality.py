"""``qianqun eval …`` and ``qianqun train …``: how good it is; the work is imported when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from bot.cli.options import Config

eval_app = typer.Typer(help="Quality, measured on labelled files.", no_args_is_help=True)
train_app = typer.Typer(help="Learning weights from labelled files.", no_args_is_help=True)


@eval_app.command(
    "match", epilog="Example: `qianqun eval match --catalog products.csv --queries queries.jsonl --against grams`"
)
def eval_match(
    catalog: Annotated[Path, typer.Option(help="CSV with at least the columns id and title.", dir_okay=False)],
    queries: Annotated[Path, typer.Option(help="Labelled queries: JSON Lines or CSV, see below.", dir_okay=False)],
    use: Annotated[str, typer.Option("--with", help="A way of ranking, or a .json file of weights.")] = "full",
    against: Annotated[str, typer.Option(help="Another way, compared query by query.")] = "",
    split: Annotated[str, typer.Option(help="Only the queries of this split, such as test.")] = "",
    ablation: Annotated[bool, typer.Option("--ablation", help="Also compare with every other way.")] = False,
) -> None:
    """Print nDCG@10, P@1 and MRR of labelled queries with 95 % intervals, and two ways of ranking pairwise.

    JSON Lines: {"query": "儿童防晒", "graded": {"BH-0053": 3, "my00027": 2}, "about": "attribute", "split": "test"};
    about and split may be left out. CSV: the columns query, id and grade, one graded product a row. Grades: 3 is what
    was meant, 2 fits, 1 is related, 0 or absent is none of these.

    Ways: full, first-step, bare, words, grams, and full without one part: no-filler, no-forms, no-sounds, no-words,
    no-bigrams, no-characters, no-names.
    """
    from bot.cli import judging  # noqa: PLC0415

    raise typer.Exit(judging.evaluate(catalog, queries, use=use, against=against, split=split, ablation=ablation))


@train_app.command(
    "match", epilog="Example: `qianqun train match --catalog products.csv --queries queries.jsonl --out weights.json`"
)
def train_match(
    target: Annotated[Path, typer.Option("--out", help="The JSON file that is written.", dir_okay=False)],
    catalog: Annotated[
        Optional[list[Path]], typer.Option(help="CSV with id, title and, if known, price; may be given several times.")  # noqa: UP045
    ] = None,
    queries: Annotated[
        Optional[list[Path]], typer.Option(help="Labelled queries of the first catalogue, of the second, and so on.")  # noqa: UP045
    ] = None,
    split: Annotated[str, typer.Option(help="Only the queries of this split.")] = "train",
    from_database: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--from-database", help="A bot's settings: learn from its pushes and orders.", dir_okay=False),
    ] = None,
) -> None:
    """Learn the weights of the second ranking step from labelled queries and from the titles themselves.

    With --from-database also from a bot's pushes: of what was shown, the ordered above the rest. Too few: none written.
    """
    from bot.cli import judging  # noqa: PLC0415

    raise typer.Exit(judging.learn(catalog or [], queries or [], output=target, split=split, database=from_database))


@train_app.command("needs", epilog="Example: `qianqun train needs --data lines.jsonl --out need_model.json`")
def train_needs(
    data: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--data", help="Labelled JSON Lines; may be repeated. Default: the source tree's tests/data."),
    ] = None,
    opinions: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--opinions", help="Labelled JSON Lines that only teach what praise and complaints are."),
    ] = None,
    talk: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--talk", help="Everyday lines without a need, JSON Lines with text: they raise the thresholds."),
    ] = None,
    target: Annotated[Path, typer.Option("--out", help="Where the model is written.", dir_okay=False)] = Path(
        "need_model.json"
    ),
    screen: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where the screen is written that tells talk apart before it is read.", dir_okay=False),
    ] = None,
) -> None:
    """Learn the model that says how sure a need is; use it by `recommender.need_model` in the settings.

    A labelled line is `{"text": "有人拼车厘子吗", "class": "group_buy", "terms": ["车厘子"]}`; docs/evaluation.md lists
    all fields.
    """
    from bot.cli import learning  # noqa: PLC0415

    raise typer.Exit(learning.train_needs(data or [], opinions or [], talk or [], target, screen))


@eval_app.command("needs", epilog="Example: `qianqun eval needs lines.jsonl --against rules`")
def eval_needs(
    file: Annotated[list[Path], typer.Argument(help="Labelled JSON Lines.")],
    model: Annotated[
        str, typer.Option(help="packaged, rules (no model), a model file, or a settings file (.toml).")
    ] = "packaged",
    against: Annotated[str, typer.Option(help="A second one, in the same forms: both are compared line by line.")] = "",
    screen: Annotated[bool, typer.Option("--screen", help="Also hold the screen against the reader.")] = False,
    talk: Annotated[bool, typer.Option("--talk", help="Lines without a class are everyday talk.")] = False,
) -> None:
    """Judge how needs are read: precision and recall by class, traps, how far certainty can be trusted.

    A labelled line is `{"text": "有人拼车厘子吗", "class": "group_buy", "terms": ["车厘子"]}`. Classes: where_to_buy,
    want, run_out, advice, group_buy, implicit, opinion_praise, opinion_complaint, none. docs/evaluation.md lists
    all fields.
    """
    from bot.cli import learning  # noqa: PLC0415

    raise typer.Exit(learning.eval_needs(file, model=model, against=against, screen=screen, talk=talk))


@eval_app.command("push", epilog="Example: `qianqun eval push --config config.toml --group 阳光小区水果群`")
def eval_push(
    config: Config,
    group: Annotated[str, typer.Option(help="Only this group: its id, its room's id, or its topic.")] = "",
) -> None:
    """Print by score what became of needs and pushes: ordered, thanked for, ignored, refused.

    The numbers come from the database. A score can be trusted where the share of wanted pushes rises with it.
    """
    from bot.cli import pushing  # noqa: PLC0415

    raise typer.Exit(pushing.evaluate(config, group))
