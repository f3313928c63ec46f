// The list of conversations on the left.

import { avatar, botAvatar, groupAvatar } from "./avatar.js";
import { PRIVATE } from "./chat.js";
import { byId, el } from "./dom.js";
import { whenShort } from "./when.js";
import { words } from "./words.js";

export class Sidebar {
  constructor(chat, onPick) {
    this.chat = chat;
    this.onPick = onPick;
    this.rows = new Map();
  }

  /** Draw every row anew; the focus stays on the row that had it. */
  draw() {
    const { chat } = this;
    const focused = [...this.rows].find(([, row]) => row === document.activeElement)?.[0];
    byId("groups").replaceChildren(...chat.rooms.map((room) => this.#row(room.id, groupAvatar(chat, room), room.topic)));
    byId("private").replaceChildren(this.#row(PRIVATE, botAvatar(), words.privateTitle(chat.bot.name)));
    if (focused !== undefined) this.rows.get(focused)?.focus();
    const unread = [...this.rows.keys()].reduce((sum, key) => sum + chat.unread(key), 0);
    document.title = unread ? `(${unread}) ${chat.bot.name}` : chat.bot.name;
  }

  #row(key, picture, title) {
    const { chat } = this;
    const last = chat.talk(key).lines.at(-1);
    const unread = chat.unread(key);
    const row = el("button", {
      type: "button",
      className: "conversation",
      "data-testid": key === PRIVATE ? "private-conversation" : "conversation",
      "data-room": key,
      "aria-current": String(key === chat.key),
      onclick: () => this.onPick(key),
    },
    picture,
    el("span", { className: "conversation-title" }, el("bdi", {}, title)),
    el("time", { className: "conversation-time" }, last ? whenShort(new Date(last.at)) : ""),
    el("span", { className: "conversation-last" }, this.#preview(key, last)),
    unread ? el("span", { className: "unread", "data-testid": "unread", "aria-label": words.unread(unread) },
      unread > 99 ? "99+" : String(unread)) : null);
    this.rows.set(key, row);
    return el("li", {}, row);
  }

  #preview(key, last) {
    if (!last) return key === PRIVATE ? words.privateHint(this.chat.myName) : words.nothingYet;
    const who = last.sender === this.chat.me ? words.me : last.name;
    if (last.recalls || last.recalled) return el("bdi", {}, words.recalled(last.name));
    if (last.file) return el("bdi", {}, words.file(last.file.name));
    const text = last.text.slice(0, 60).replace(/\s+/gu, " ");
    return el("bdi", {}, key === PRIVATE ? text : `${who}：${text}`);
  }
}

/** Fill the drop-down with everybody I can be here, and show who I am. */
export function drawIdentity(chat) {
  const select = byId("me");
  select.replaceChildren(...chat.faces.map((face) =>
    el("option", { value: face.id, selected: face.id === chat.me }, face.leader ? words.leader(face.name) : face.name)));
  byId("me-avatar").replaceChildren(avatar(chat, chat.me, chat.myName));
}
