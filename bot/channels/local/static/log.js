// The messages of the chosen conversation.

import { byId, el, say } from "./dom.js";
import { lineNode, pendingNode, recalledNode, timeNode } from "./line.js";
import { PRIVATE } from "./chat.js";
import { PAUSE } from "./when.js";
import { words } from "./words.js";

const NEAR_END = 80; // pixels from the end that still count as reading the newest

export class Log {
  /** `actions`: onQuote(line), onMention(id), onOlder(beforeId), onRetry(pending), onDiscard(pending), onTry(text). */
  constructor(chat, actions) {
    this.chat = chat;
    this.actions = actions;
    this.shown = { key: undefined, first: 0, last: null };
    this.frame = byId("log");
    this.missed = 0;
    byId("older").onclick = () => actions.onOlder(chat.talk().lines[0].id);
    byId("jump").onclick = () => this.#toEnd(true);
    this.frame.onscroll = () => this.#nearEnd() && this.#caughtUp();
    new ResizeObserver(() => this.stuck && this.#toEnd()).observe(this.frame);
    this.stuck = true;
  }

  /** Bring the screen up to what the chat knows; new lines are appended, anything else is drawn anew. */
  draw() {
    const { lines, more } = this.chat.talk();
    const { shown } = this;
    const at = shown.last === null ? -1 : lines.findIndex((line) => line.id === shown.last.id);
    const grows = shown.key === this.chat.key && shown.me === this.chat.me && lines[0]?.id === shown.first && at >= 0;
    const wasNear = this.#nearEnd();
    if (grows) this.#append(lines.slice(at + 1), shown.last, wasNear);
    else this.#anew(lines);
    this.shown = { key: this.chat.key, me: this.chat.me, first: lines[0]?.id, last: lines.at(-1) ?? null };
    byId("older").hidden = !more;
    this.drawPending();
    this.#drawEmpty(lines);
    if (!grows || wasNear) this.#toEnd();
  }

  drawPending() {
    const waiting = this.chat.pendingHere();
    byId("pending").replaceChildren(...waiting.map((line) => pendingNode(line, this.chat, this.actions)));
    byId("empty").hidden ||= waiting.length > 0;
    if (waiting.length && this.stuck) this.#toEnd();
  }

  /** Older lines were put in front: keep what is read where it is. */
  drawOlder() {
    const fromEnd = this.frame.scrollHeight - this.frame.scrollTop;
    this.shown.key = undefined;
    this.draw();
    this.frame.scrollTop = this.frame.scrollHeight - fromEnd;
  }

  #anew(lines) {
    this.missed = 0;
    byId("lines").replaceChildren();
    this.#append(lines, null, true);
    this.#drawJump();
  }

  #append(lines, before, reading) {
    const nodes = [];
    let previous = before;
    for (const line of lines) {
      if (line.recalls) {
        this.#takeBack(line);
        continue;
      }
      const quiet = previous ? Date.parse(line.at) - Date.parse(previous.at) > PAUSE : true;
      if (quiet) nodes.push(timeNode(line));
      const follows = !quiet && previous?.sender === line.sender && !previous.recalled;
      nodes.push(line.recalled ? recalledNode(line) : lineNode(line, this.chat, { follows, onJump: (id) => this.#show(id), ...this.actions }));
      previous = line;
    }
    byId("lines").append(...nodes);
    if (!reading) {
      this.missed += lines.filter((line) => line.sender !== this.chat.me && !line.recalls).length;
      this.#drawJump();
    }
  }

  #drawEmpty(lines) {
    const empty = byId("empty");
    empty.hidden = lines.length > 0 || this.chat.pendingHere().length > 0;
    if (empty.hidden) return;
    const isPrivate = this.chat.key === PRIVATE;
    const tries = (isPrivate ? words.tryPrivate : words.tryGroup).map((text) =>
      el("button", { type: "button", className: "try", "data-testid": "try", onclick: () => this.actions.onTry(text) }, text));
    empty.replaceChildren(
      el("p", {}, isPrivate ? words.emptyPrivate : words.emptyGroup),
      el("div", { className: "tries" }, ...tries));
  }

  /** Put the notice where the line stood; a line drawn from history is a notice already. */
  #takeBack({ recalls, name }) {
    const node = byId("lines").querySelector(`[data-id="${Number(recalls)}"]`);
    const next = node?.nextElementSibling;
    next?.classList.remove("follows"); // the name it did without is gone
    node?.replaceWith(recalledNode({ id: recalls, name }));
  }

  #show(id) {
    const node = byId("lines").querySelector(`[data-id="${Number(id)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("flash");
    requestAnimationFrame(() => node.classList.add("flash"));
  }

  #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.frame;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #toEnd(smoothly = false) {
    this.frame.scrollTo({ top: this.frame.scrollHeight, behavior: smoothly ? "smooth" : "instant" });
    this.#caughtUp();
  }

  #caughtUp() {
    this.stuck = true;
    this.missed = 0;
    this.#drawJump();
  }

  #drawJump() {
    const jump = byId("jump");
    jump.hidden = this.#nearEnd() && this.missed === 0;
    say(jump.querySelector("span"), this.missed ? words.unread(this.missed) : "");
    jump.setAttribute("aria-label", this.missed ? words.unread(this.missed) : words.toBottom);
  }
}
