"""The ``qianqun`` command: what can be asked, with an example for each; the work is imported when it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(
    name="qianqun",
    help="千群: a chat bot that hears what a group needs, finds it among the suppliers and says it in the group.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
catalog_app = typer.Typer(help="Suppliers' products: sync, list, show.", no_args_is_help=True)
sending_app = typer.Typer(help="The kill switch: stop all sending at once, or let it go on.", no_args_is_help=True)
orders_app = typer.Typer(help="Orders: list and export offers, read a 接龙.", no_args_is_help=True)
groups_app = typer.Typer(help="Groups: what they are, and what changes it.", no_args_is_help=True)
members_app = typer.Typer(help="People's data: hand it out, delete it.", no_args_is_help=True)
eval_app = typer.Typer(help="Quality, measured on labelled files.", no_args_is_help=True)
train_app = typer.Typer(help="Learning weights from labelled files.", no_args_is_help=True)
app.add_typer(catalog_app, name="catalog")
app.add_typer(sending_app, name="sending")
app.add_typer(orders_app, name="orders")
app.add_typer(groups_app, name="groups")
app.add_typer(members_app, name="members")
app.add_typer(eval_app, name="eval")
app.add_typer(train_app, name="train")

Config = Annotated[Path, typer.Option("--config", help="The settings file.", dir_okay=False)]


@app.command(epilog="Example: `qianqun run --config config.toml`")
def run(config: Config) -> None:
    """Run the bot: channels, scheduler and everything between, until Ctrl-C."""
    from bot.cli import serving  # noqa: PLC0415 - heavy; --help stays quick

    raise typer.Exit(serving.run(config))


@app.command(epilog="Example: `qianqun demo --port 8700` · `qianqun demo --script-only`")
def demo(
    port: Annotated[int, typer.Option(help="Port of the chat page; 0 takes any free one.", min=0, max=65535)] = 8620,
    script_only: Annotated[bool, typer.Option("--script-only", help="Print the conversation and end.")] = False,
) -> None:
    """Show the main job with no account and no server: a scripted conversation, then a chat page on this machine."""
    from bot.cli import demonstrating  # noqa: PLC0415

    raise typer.Exit(demonstrating.demo(port, script_only=script_only))


@app.command(epilog="Example: `qianqun check --config config.toml`")
def check(config: Config) -> None:
    """Check settings, feeds, database and channels; name each fault; exit with 2 if there is one."""
    from bot.cli import checking  # noqa: PLC0415

    raise typer.Exit(checking.check(config))


@app.command(
    epilog="Example: `qianqun match --catalog products.csv 草莓 儿童防晒` · `... --format jsonl - < queries.txt`"
)
def match(
    catalog: Annotated[Path, typer.Option(help="CSV with at least the columns id and title.", dir_okay=False)],
    query: Annotated[Optional[list[str]], typer.Argument(help="Queries; - or none reads one per line.")] = None,  # noqa: UP045 - typer reads the annotation
    top: Annotated[int, typer.Option(help="Results per query.", min=1, max=1000)] = 10,
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
) -> None:
    """Rank a catalogue file for queries: the bare retrieval, no need detection and no filters."""
    from bot.cli import matching  # noqa: PLC0415

    raise typer.Exit(matching.match(catalog, query or ["-"], top=top, form=format))


@app.command(epilog="Example: `qianqun replay chat.jsonl --config config.toml --format jsonl`")
def replay(
    file: Annotated[Path, typer.Argument(help="JSON Lines, or chat as WeChat copies it; - for standard input.")],
    config: Config,
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="No caps, quiet hours or memory of what was shown.")
    ] = False,
    group: Annotated[str, typer.Option(help="Topic of the group that copied chat comes from.")] = "transcript",
) -> None:
    """Run a transcript through the same pipeline against a scratch database and say what the bot would have done."""
    from bot.cli import replaying  # noqa: PLC0415

    raise typer.Exit(replaying.replay_file(file, config, form=format, unlimited=unlimited, group=group))


@app.command(epilog="Example: `qianqun relay 阳光小区水果群 chat.txt --config config.toml --leader 林姐`")
def relay(
    group: Annotated[str, typer.Argument(help="Name of the group that the bot is not in.")],
    config: Config,
    file: Annotated[str, typer.Argument(help="Chat as WeChat copies it, or one 接龙; - for standard input.")] = "-",
    leader: Annotated[str, typer.Option(help="What the leader is called in the pasted chat.")] = "团长",
    folder: Annotated[Path, typer.Option(help="Where exported files are written.", file_okay=False)] = Path("."),
) -> None:
    """Work by hand: take pasted chat of a group into the order book and print the texts to paste back."""
    from bot.cli import relaying  # noqa: PLC0415

    raise typer.Exit(relaying.relay_file(group, file, config, leader=leader, folder=folder))


@catalog_app.command("sync", epilog="Example: `qianqun catalog sync --config config.toml qingguo`")
def catalog_sync(
    config: Config,
    supplier: Annotated[Optional[list[str]], typer.Argument(help="Supplier ids; none means all.")] = None,  # noqa: UP045
) -> None:
    """Read suppliers' feeds into the database, with progress; broken rows are named, the rest goes in."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.sync(config, supplier or []))


@catalog_app.command("list", epilog="Example: `qianqun catalog list --config config.toml --text 草莓 --limit 20`")
def catalog_list(
    config: Config,
    supplier: Annotated[str, typer.Option(help="Only this supplier.")] = "",
    text: Annotated[str, typer.Option(help="Only products with this in title, brand or category.")] = "",
    limit: Annotated[int, typer.Option(help="Most products.", min=1, max=10_000)] = 50,
) -> None:
    """List products."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.list_products(config, supplier=supplier, text=text, limit=limit))


@catalog_app.command("show", epilog="Example: `qianqun catalog show --config config.toml qingguo/QG1001`")
def catalog_show(
    product: Annotated[str, typer.Argument(help="Our id, or SUPPLIER/THEIR-ID.")],
    config: Config,
) -> None:
    """Show one product with everything that is known of it."""
    from bot.cli import cataloguing  # noqa: PLC0415

    raise typer.Exit(cataloguing.show(config, product))


@orders_app.command("list", epilog="Example: `qianqun orders list --config config.toml`")
def orders_list(config: Config) -> None:
    """List the offers, newest first: id, state, title, how many people ordered."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.list_offers(config))


@orders_app.command("export", epilog="Example: `qianqun orders export 周末水果 --config config.toml --format csv`")
def orders_export(
    offer: Annotated[str, typer.Argument(help="An offer's id, or its title: then the newest of that name.")],
    config: Config,
    format: Annotated[str, typer.Option("--format", help="xlsx or csv.")] = "xlsx",
    folder: Annotated[Path, typer.Option(help="Where the files are written.", file_okay=False)] = Path("."),
) -> None:
    """Write an offer's order book: by person, by item, by building, and the packing sheet."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.export(offer, config, form=format, folder=folder))


@orders_app.command("parse", epilog="Example: `qianqun orders parse chain.txt --format jsonl`")
def orders_parse(
    file: Annotated[str, typer.Argument(help="One pasted 接龙, text or XML; - for standard input.")] = "-",
    format: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
) -> None:
    """Read one pasted 接龙: header, entries, what is no order and why. Needs no settings and no catalogue."""
    from bot.cli import ordering  # noqa: PLC0415

    raise typer.Exit(ordering.parse(file, format))


@groups_app.command("list", epilog="Example: `qianqun groups list --config config.toml --label 水果`")
def groups_list(
    config: Config,
    segment: Annotated[str, typer.Option(help="Only groups of this segment.")] = "",
    label: Annotated[str, typer.Option(help="Only groups with this label: 水果, 宠物=猫.")] = "",
) -> None:
    """List the groups the bot is in, with their labels and segments."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.list_groups(config, segment=segment, label=label))


@groups_app.command("show", epilog="Example: `qianqun groups show 阳光小区水果群 --config config.toml`")
def groups_show(
    group: Annotated[str, typer.Argument(help="Its id, its room's id, or its topic.")],
    config: Config,
) -> None:
    """Show one group: its labels and why they count, its segments, and what they change."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.show(group, config))


@groups_app.command("segments", epilog="Example: `qianqun groups segments --config config.toml`")
def groups_segments(config: Config) -> None:
    """List the segments of the settings: their rules, how many groups match, which match none or disagree."""
    from bot.cli import grouping  # noqa: PLC0415

    raise typer.Exit(grouping.list_segments(config))


@groups_app.command("relabel", epilog="Example: `qianqun groups relabel --config config.toml 阳光小区水果群 --dry-run`")
def groups_relabel(
    config: Config,
    group: Annotated[
        str, typer.Argument(help="Topic or room id; none means all. One that is named need not wait.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the changes and store none.")] = False,
) -> None:
    """Look again at what groups are, list what that changes and why, and name rules that match nothing."""
    from bot.cli import relabelling  # noqa: PLC0415

    raise typer.Exit(relabelling.relabel(config, group, dry_run=dry_run))


@groups_app.command("train", epilog="Example: `qianqun groups train --config config.toml --output category_model.json`")
def groups_train(
    config: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Option("--config", help="Also learn from this catalogue's titles.", dir_okay=False),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where the model is written; default: groups.segmentation.category_model.", dir_okay=False),
    ] = None,
) -> None:
    """Train the model that reads categories from needs and orders, and print how good it is."""
    from bot.cli import relabelling  # noqa: PLC0415

    raise typer.Exit(relabelling.train(config, output))


Contact = Annotated[str, typer.Argument(help="The person's contact id, as the channel has it.")]
OfChannel = Annotated[str, typer.Option("--channel", help="The channel that knows them; needed when several do.")]
OfAccount = Annotated[str, typer.Option("--account", help="The bot's account that knows them, likewise.")]


@members_app.command("export", epilog="Example: `qianqun members export wxid_abc --config config.toml --format json`")
def members_export(
    contact: Contact,
    config: Config,
    channel: OfChannel = "",
    account: OfAccount = "",
    format: Annotated[str, typer.Option("--format", help="xlsx or json.")] = "xlsx",
    folder: Annotated[Path, typer.Option(help="Where the file is written.", file_okay=False)] = Path("."),
) -> None:
    """Write everything that is kept about one person into a file, as 我的数据 does in the chat."""
    from bot.cli import membering  # noqa: PLC0415

    whom = membering.Whom(contact, channel, account)
    raise typer.Exit(membering.export(whom, config, form=format, folder=folder))


@members_app.command("erase", epilog="Example: `qianqun members erase wxid_abc --config config.toml --yes`")
def members_erase(
    contact: Contact,
    config: Config,
    channel: OfChannel = "",
    account: OfAccount = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything about one person, as 删除我的数据 does in the chat; the bot may run meanwhile."""
    from bot.cli import membering  # noqa: PLC0415

    raise typer.Exit(membering.erase(membering.Whom(contact, channel, account), config, sure=yes))


@app.command(epilog="Example: `qianqun audit --config config.toml --about wxid_abc --limit 20`")
def audit(
    config: Config,
    who: Annotated[str, typer.Option(help="Only what this contact id did.")] = "",
    about: Annotated[str, typer.Option(help="Only what was done with this contact id's data.")] = "",
    limit: Annotated[int, typer.Option(help="Most entries.", min=1, max=10_000)] = 50,
) -> None:
    """Show who looked at, exported or deleted personal data; people stand there as keyed hashes."""
    from bot.cli import auditing  # noqa: PLC0415

    raise typer.Exit(auditing.show(config, who=who, about=about, limit=limit))


@sending_app.command("stop", epilog="Example: `qianqun sending stop --config config.toml --reason 账号异常`")
def sending_stop(
    config: Config,
    account: Annotated[str, typer.Option(help="CHANNEL/ACCOUNT; default: everything.")] = "*",
    reason: Annotated[str, typer.Option(help="Why; shown by status.")] = "by hand",
) -> None:
    """Stop all sending within a second, over restarts, until resumed."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.throw(config, account, stopped=True, reason=reason))


@sending_app.command("resume", epilog="Example: `qianqun sending resume --config config.toml`")
def sending_resume(
    config: Config,
    account: Annotated[str, typer.Option(help="CHANNEL/ACCOUNT; default: everything.")] = "*",
) -> None:
    """Let sending go on."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.throw(config, account, stopped=False, reason=""))


@sending_app.command("status", epilog="Example: `qianqun sending status --config config.toml`")
def sending_status(config: Config) -> None:
    """Show the switches and how many messages stand in each state."""
    from bot.cli import switching  # noqa: PLC0415

    raise typer.Exit(switching.status(config))


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
    catalog: Annotated[list[Path], typer.Option(help="CSV with id and title; may be given several times.")],
    out: Annotated[Path, typer.Option(help="The JSON file that is written.", dir_okay=False)],
    queries: Annotated[
        Optional[list[Path]], typer.Option(help="Labelled queries of the first catalogue, of the second, and so on.")  # noqa: UP045
    ] = None,
    split: Annotated[str, typer.Option(help="Only the queries of this split.")] = "train",
) -> None:
    """Learn the weights of the second ranking step from labelled queries and from the titles themselves."""
    from bot.cli import judging  # noqa: PLC0415

    raise typer.Exit(judging.learn(catalog, queries or [], output=out, split=split))


@train_app.command("needs", epilog="Example: `qianqun train needs --data lines.jsonl --out need_model.json`")
def train_needs(
    data: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--data", help="Labelled JSON Lines; may be repeated. Default: the source tree's tests/data."),
    ] = None,
    talk: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option("--talk", help="Everyday lines without a need, JSON Lines with text: they raise the thresholds."),
    ] = None,
    target: Annotated[Path, typer.Option("--out", help="Where the model is written.", dir_okay=False)] = Path(
        "need_model.json"
    ),
) -> None:
    """Learn the model that says how sure a need is; use it by `recommender.need_model` in the settings.

    A labelled line is `{"text": "有人拼车厘子吗", "class": "group_buy", "terms": ["车厘子"]}`; docs/evaluation.md lists
    all fields.
    """
    from bot.cli import learning  # noqa: PLC0415

    raise typer.Exit(learning.train_needs(data or [], talk or [], target))


@eval_app.command("needs", epilog="Example: `qianqun eval needs lines.jsonl --against rules`")
def eval_needs(
    file: Annotated[list[Path], typer.Argument(help="Labelled JSON Lines.")],
    model: Annotated[
        str, typer.Option(help="packaged, rules (no model), a model file, or a settings file (.toml).")
    ] = "packaged",
    against: Annotated[str, typer.Option(help="A second one, in the same forms: both are compared line by line.")] = "",
) -> None:
    """Judge how needs are read: precision and recall by class, traps, how far certainty can be trusted.

    A labelled line is `{"text": "有人拼车厘子吗", "class": "group_buy", "terms": ["车厘子"]}`. Classes: where_to_buy,
    want, run_out, advice, group_buy, implicit, opinion_praise, opinion_complaint, none. docs/evaluation.md lists
    all fields.
    """
    from bot.cli import learning  # noqa: PLC0415

    raise typer.Exit(learning.eval_needs(file, model=model, against=against))


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
