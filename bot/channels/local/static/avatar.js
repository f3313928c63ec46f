// Avatars without pictures: one character on one of eight calm colours, always the same for the same person.

import { el } from "./dom.js";
import { words } from "./words.js";

const COLOURS = 8;

/** The character that tells people apart: the first of the name behind 小, 老 and their like. */
function glyphOf(name) {
  const letters = [...name].filter((character) => /\p{L}|\p{N}/u.test(character));
  const start = letters.length > 1 && words.nicknamePrefixes.includes(letters[0]) ? 1 : 0;
  return letters[start] ?? [...name][0] ?? "?";
}

/** Somebody's picture; `shown` is the name to fall back on for people who are in no room any more. */
export function avatar(chat, id, shown) {
  const person = chat.people.get(id);
  const tint = (person?.index ?? [...id].reduce((sum, character) => sum + character.codePointAt(0), 0)) % COLOURS;
  return el("span", { className: `avatar tint-${tint}`, "aria-hidden": "true" }, glyphOf(person?.name ?? shown));
}

export function botAvatar() {
  return el("span", { className: "avatar avatar-bot", "aria-hidden": "true" },
    el("img", { src: "/static/icon.svg", alt: "" }));
}

/** A group's avatar: its first four people in a square. */
export function groupAvatar(chat, room) {
  const tiles = room.members.slice(0, 4).map((member) => avatar(chat, member.id, member.name));
  return el("span", { className: "avatar avatar-group", "aria-hidden": "true" }, ...tiles);
}
