// Where I write: text, quote and mentions.

import { byId, say } from "./dom.js";
import { mentionable } from "./line.js";
import { Picker } from "./picker.js";
import { words } from "./words.js";

const SPACE = "\u2005"; // stands behind a mention, as WeChat writes it
const TYPING_MENTION = /@([^@\s\u2005]{0,16})$/u;

export class Composer {
  /** `onSay(text, quotedLine, mentionedIds)` */
  constructor(chat, onSay) {
    this.chat = chat;
    this.onSay = onSay;
    this.text = byId("text");
    this.quoted = null;
    this.picked = new Map(); // shown name → id
    this.drafts = new Map();
    this.picker = new Picker(chat, () => mentionable(chat), (person) => this.#insert(person));
    byId("composer").onsubmit = (event) => this.#submit(event);
    byId("unquote").onclick = () => this.quote(null);
    byId("mention").onclick = () => this.#startMention();
    this.text.oninput = () => this.#changed();
    this.text.onkeydown = (event) => this.#key(event);
    this.text.onblur = () => this.picker.close();
  }

  /** Another conversation or another person: keep what was begun, bring back what was begun there. */
  switchTo(key) {
    if (key !== this.key) {
      this.drafts.set(this.key, this.text.value);
      this.key = key;
      this.text.value = this.drafts.get(key) ?? "";
      this.quote(null);
    }
    this.picked.clear();
    this.text.placeholder = words.placeholder(this.chat.myName);
    const alone = mentionable(this.chat).length === 0;
    byId("mention").hidden = alone;
    byId("keys").textContent = alone ? words.keys : words.keysGroup;
    this.#changed();
  }

  quote(line) {
    this.quoted = line;
    byId("quoting").hidden = !line;
    byId("quoting-text").textContent = line ? `${line.name}：${(line.text || line.file?.name || "").slice(0, 200)}` : "";
    if (line) this.text.focus();
  }

  mention(id) {
    const person = mentionable(this.chat).find((candidate) => candidate.id === id);
    if (person) this.#insert(person);
  }

  put(text) {
    this.text.value = text;
    this.#changed();
    this.text.focus();
  }

  showError(text) {
    say(byId("error"), text);
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // Enter belongs to the input method now
    if (this.picker.open && this.picker.take(event.key)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) this.#submit(event);
    else if (event.key === "Escape" && this.quoted) this.quote(null);
  }

  #changed() {
    this.showError("");
    byId("send").disabled = !this.text.value.trim();
    const typed = TYPING_MENTION.exec(this.text.value.slice(0, this.text.selectionStart));
    if (typed && document.activeElement === this.text) this.picker.show(typed[1]);
    else this.picker.close();
    this.#fit();
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  #startMention() {
    this.text.focus();
    this.text.setRangeText("@", this.text.selectionStart, this.text.selectionEnd, "end");
    this.#changed();
  }

  /** Put a mention where the cursor is, in place of an @ with the beginning of a name. */
  #insert(person) {
    this.picked.set(person.name, person.id);
    this.text.focus();
    const end = this.text.selectionStart;
    const typed = TYPING_MENTION.exec(this.text.value.slice(0, end));
    this.text.setRangeText(`@${person.name}${SPACE}`, typed ? typed.index : end, end, "end");
    this.#changed();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text) return;
    const size = new TextEncoder().encode(text).length;
    if (size > this.chat.limit) {
      this.showError(words.tooLong(size, this.chat.limit));
      return;
    }
    const mentions = [...this.picked].filter(([name]) => text.includes(`@${name}`)).map(([, id]) => id);
    const quoted = this.quoted;
    this.text.value = "";
    this.picked.clear();
    this.quote(null);
    this.#changed();
    this.onSay(text, quoted, mentions);
    this.text.focus();
  }
}
