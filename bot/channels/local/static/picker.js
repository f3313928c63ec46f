// The list that opens behind an @.

import { avatar, botAvatar } from "./avatar.js";
import { byId, el } from "./dom.js";

export class Picker {
  /** `people()` gives whom one can pick; `onPick(person)` is called with the choice. */
  constructor(chat, people, onPick) {
    this.chat = chat;
    this.people = people;
    this.onPick = onPick;
    this.list = byId("picker");
    this.found = [];
    this.current = 0;
  }

  get open() {
    return !this.list.hidden;
  }

  /** Show who matches what stands behind the @; nobody closes the list. */
  show(typed) {
    this.found = this.people().filter((person) => person.name.toLowerCase().includes(typed.toLowerCase()));
    this.current = 0;
    this.list.replaceChildren(...this.found.map((person, index) => this.#option(person, index)));
    this.list.hidden = this.found.length === 0;
    this.#mark();
  }

  close() {
    this.list.hidden = true;
    byId("text").removeAttribute("aria-activedescendant");
  }

  /** Take a key while the list is open; true when it was meant for the list. */
  take(key) {
    if (key === "ArrowDown" || key === "ArrowUp") {
      const step = key === "ArrowDown" ? 1 : -1;
      this.current = (this.current + step + this.found.length) % this.found.length;
      this.#mark();
    } else if (key === "Enter" || key === "Tab") this.onPick(this.found[this.current]);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }

  #option(person, index) {
    return el("li", {
      id: `picker-${index}`,
      role: "option",
      "data-testid": "mention-option",
      "data-member": person.id,
      onpointerdown: (event) => {
        event.preventDefault(); // the text field keeps the focus
        this.onPick(person);
      },
    }, person.bot ? botAvatar() : avatar(this.chat, person.id, person.name), el("bdi", {}, person.name));
  }

  #mark() {
    [...this.list.children].forEach((option, index) => {
      const chosen = index === this.current;
      option.setAttribute("aria-selected", String(chosen));
      if (chosen) option.scrollIntoView({ block: "nearest" });
    });
    if (this.open) byId("text").setAttribute("aria-activedescendant", `picker-${this.current}`);
  }
}
