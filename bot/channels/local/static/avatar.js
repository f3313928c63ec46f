// Avatars without pictures: one character on one of eight calm colours, always the same for the same person.

import { el } from "./dom.js";

const COLOURS = 8;

function colourOf(id) {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)) % 9973;
  return hash % COLOURS;
}

/** The character people would pick: the last one of the name, without room numbers and brackets. */
function glyphOf(name) {
  const letters = [...name.replace(/[（(].*$/u, "").matchAll(/[\p{L}]/gu)].map((match) => match[0]);
  return letters.at(-1) ?? [...name][0] ?? "?";
}

export function avatar(id, name) {
  return el("span", { className: `avatar tint-${colourOf(id)}`, "aria-hidden": "true" }, glyphOf(name));
}

export function botAvatar() {
  return el("span", { className: "avatar avatar-bot", "aria-hidden": "true" },
    el("img", { src: "/static/icon.svg", alt: "" }));
}

/** A group's avatar: its first four people in a square. */
export function groupAvatar(room) {
  const tiles = room.members.slice(0, 4).map((member) => avatar(member.id, member.name));
  return el("span", { className: "avatar avatar-group", "aria-hidden": "true" }, ...tiles);
}
