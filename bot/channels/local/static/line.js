// One message on the screen.

import { avatar, botAvatar } from "./avatar.js";
import { PRIVATE, shownName } from "./chat.js";
import { el, icon } from "./dom.js";
import { when } from "./when.js";
import { words } from "./words.js";

const LONG = 1200; // characters that are shown before a message is folded
const LONG_LINES = 24;

export function timeNode(line) {
  return el("li", { className: "time" }, el("time", { dateTime: line.at }, when(new Date(line.at))));
}

/** A line of the log. `follows`: the same person spoke a moment before, so name and picture are left out. */
export function lineNode(line, chat, { follows, onJump, onQuote, onMention, onRecall }) {
  const own = line.sender === chat.me;
  const bot = line.sender === chat.bot.id;
  const leader = chat.room?.owner === line.sender;
  const node = el("li", {
    className: ["line", own && "own", bot && "from-bot", follows && "follows"].filter(Boolean).join(" "),
    "data-testid": "message",
    dataset: { id: line.id, sender: line.sender, own: String(own), bot: String(bot) },
  },
  picture(line, chat, own ? null : onMention),
  el("div", { className: "said" },
    nameOf(line, { bot, leader }),
    el("div", { className: "bubble-row" },
      el("div", { className: "bubble", onclick: () => touchOpens(node) }, ...(line.file ? [fileNode(line)] : textNodes(line, chat))),
      el("div", { className: "line-actions" },
        el("button", {
          type: "button",
          "data-testid": "quote-button",
          "aria-label": words.quoteOf(line.name),
          title: words.quote,
          onclick: () => {
            node.classList.remove("open");
            onQuote(line);
          },
        }, icon("quote"), el("span", {}, words.quote)),
        own ? recallButton(line, chat, onRecall) : null)),
    line.quote ? quoteNode(line.quote, onJump) : null));
  return node;
}

/** What is left of a line that was taken back. */
export function recalledNode(line) {
  return el("li", { className: "time", "data-testid": "recalled", dataset: { id: line.id } }, el("bdi", {}, words.recalled(line.name)));
}

/** Offered for as long as the line can be taken back. */
function recallButton(line, chat, onRecall) {
  const left = Date.parse(line.at) + chat.recallWithin - Date.now();
  if (left <= 0) return null;
  const button = el("button", { type: "button", "data-testid": "recall-button", onclick: () => onRecall(line) },
    icon("recall"), el("span", {}, words.recall));
  setTimeout(() => button.remove(), left);
  return button;
}

function fileNode({ id, file }) {
  return el("a", {
    className: "file",
    "data-testid": "message-file",
    href: `/file/${id}/${encodeURIComponent(file.key)}`,
    download: file.name,
    "aria-label": words.download(file.name),
  },
  icon("file"),
  el("span", {},
    el("bdi", { className: "file-name", "data-testid": "message-text" }, file.name),
    el("span", { className: "file-size" }, words.size(file.size))));
}

/** A line of mine that has no receipt yet, or was refused. */
export function pendingNode(line, chat, { onRetry, onDiscard }) {
  const state = line.failed
    ? el("p", { className: "pending-state failed", role: "alert" },
      words.errors[line.failed] ?? words.errors.malformed,
      el("button", { type: "button", onclick: () => onRetry(line) }, words.retry),
      el("button", { type: "button", onclick: () => onDiscard(line) }, words.discard))
    : el("p", { className: "pending-state" }, chat.online ? words.sending : words.waiting);
  return el("li", { className: "line own pending", "data-testid": "pending" },
    picture({ sender: line.member, name: chat.myName }, chat, null),
    el("div", { className: "said" },
      el("div", { className: "bubble-row" }, el("div", { className: "bubble" }, el("bdi", {}, line.text.slice(0, LONG)))),
      state));
}

function picture(line, chat, onMention) {
  const image = line.sender === chat.bot.id ? botAvatar() : avatar(chat, line.sender, line.name);
  if (!onMention || !chat.room) return image;
  return el("button", {
    type: "button",
    className: "avatar-button",
    tabIndex: -1, // the @ list does the same from the keyboard
    "aria-label": words.mentionOf(line.name),
    title: words.mentionOf(line.name),
    onclick: () => onMention(line.sender),
  }, image);
}

function nameOf(line, { bot, leader }) {
  const badge = bot ? words.bot : leader ? words.leaderBadge : "";
  return el("p", { className: "name" },
    el("bdi", { "data-testid": "message-name" }, line.name),
    badge ? el("span", { className: bot ? "badge badge-bot" : "badge" }, badge) : null);
}

function textNodes(line, chat) {
  const title = cardTitle(line.text);
  if (title) return [...folded(textNode(title), title), ...sourceNodes(line.text)];
  return folded(textNode(...withMentions(line, chat)), line.text);
}

function textNode(...parts) {
  return el("bdi", { className: "text", "data-testid": "message-text" }, ...parts);
}

/** A text, folded and with a button to unfold it when it is long. */
function folded(node, text) {
  if (text.length <= LONG && text.split("\n").length <= LONG_LINES) return [node];
  node.classList.add("folded");
  const fold = foldButton(words.expand, () => node.classList.toggle("folded"));
  return [node, fold];
}

/** The record that a card is shown for, WeChat's XML; out of sight until somebody asks. */
function sourceNodes(source) {
  const raw = el("bdi", { className: "text source", hidden: true, "data-testid": "message-source" }, source);
  const open = foldButton(words.source, () => (raw.hidden = !raw.hidden));
  open.dataset.testid = "source-button";
  return [open, raw];
}

/** A button that is called `name` while what `toggle` hides is hidden. */
function foldButton(name, toggle) {
  const button = el("button", {
    type: "button",
    className: "fold",
    onclick: () => (button.textContent = toggle() ? name : words.fold),
  }, name);
  return button;
}

/** The title of a card that came as WeChat's own record, a 接龙 for one; empty for every other text. */
function cardTitle(text) {
  const record = /^(?:[\w@-]{1,64}:\n)?\s*(<(?:\?xml|msg|appmsg)\b[^]*)$/u.exec(text)?.[1];
  if (!record) return "";
  const read = new DOMParser().parseFromString(record, "text/xml"); // never part of the page, so nothing in it runs
  return read.querySelector("parsererror") ? "" : read.querySelector("title")?.textContent.trim() ?? "";
}

/** The text with its mentions marked; a mention of me stands out. */
function withMentions(line, chat) {
  if (!line.mentions.length) return [line.text];
  const marks = new Map(line.mentions.map(({ id, name }) => [`@${name}`, id]));
  const longestFirst = [...marks.keys()].sort((a, b) => b.length - a.length);
  const parts = [];
  let rest = line.text;
  while (rest) {
    const found = longestFirst.map((mark) => ({ mark, at: rest.indexOf(mark) })).filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at || b.mark.length - a.mark.length)[0];
    if (!found) break;
    const mine = marks.get(found.mark) === chat.me;
    parts.push(rest.slice(0, found.at), el("span", { className: mine ? "mention mention-me" : "mention" }, found.mark));
    rest = rest.slice(found.at + found.mark.length);
  }
  return [...parts, rest];
}

function quoteNode(quote, onJump) {
  return el("button", { type: "button", className: "quote", "data-testid": "message-quote", onclick: () => onJump(quote.id) },
    el("bdi", {}, `${quote.member}：${quote.text.slice(0, 200)}`));
}

/** Where nothing hovers, a tap on a bubble shows what can be done with it. */
function touchOpens(node) {
  if (matchMedia("(hover: hover)").matches) return;
  const open = !node.classList.contains("open");
  node.parentElement.querySelectorAll(".line.open").forEach((other) => other.classList.remove("open"));
  node.classList.toggle("open", open);
}

/** Everybody who can be mentioned here: the bot first, then the members but me. */
export function mentionable(chat) {
  const bot = { id: chat.bot.id, name: chat.bot.name, bot: true };
  if (chat.key === PRIVATE || !chat.room) return [];
  const members = chat.room.members.filter((member) => member.id !== chat.me);
  return [bot, ...members.map((member) => ({ id: member.id, name: shownName(member), bot: false }))];
}
