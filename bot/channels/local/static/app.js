// Puts the page together: connection → chat → screen, and the screen's wishes back.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId, say } from "./dom.js";
import { Log } from "./log.js";
import { drawIdentity, Sidebar } from "./sidebar.js";
import { words } from "./words.js";

const STORAGE_RETRY = 2_000;

const chat = new Chat(sessionStorage);
const app = byId("app");
const sidebar = new Sidebar(chat, pick);
const composer = new Composer(chat, speak);
const log = new Log(chat, {
  onQuote: (line) => composer.quote(line),
  onRecall: (line) => connection.send(chat.recall(line)) || composer.showError(words.lost),
  onMention: (id) => composer.mention(id),
  onOlder: (before) => connection.send({ type: "older", room: chat.key, before }),
  onRetry: resend,
  onDiscard: discard,
  onTry: (text) => composer.put(text),
});
const connection = new Connection({ hello: () => chat.hello(), onFrame: take, onState: showState });
const narrow = matchMedia("(max-width: 720px)");
let greeted = false;

function take(frame) {
  switch (frame.type) {
    case "welcome":
      return greet(frame);
    case "rooms":
      tellWhoIAmAfter(() => chat.setRooms(frame.rooms));
      return drawAll();
    case "line":
      return drawKey(chat.add(frame.line));
    case "history":
      return drawHistory(frame);
    case "error":
      return refuse(frame);
  }
}

function greet(frame) {
  if (!greeted) app.dataset.pane = narrow.matches && chat.key === null ? "list" : "chat";
  chat.online = true;
  tellWhoIAmAfter(() => chat.welcome(frame));
  for (const line of chat.pending) if (!line.failed) transmit(line);
  greeted = true;
  drawAll();
}

/** Do something that may make me somebody else; the server must know, for the private chat. */
function tellWhoIAmAfter(change) {
  const before = chat.me;
  change();
  if (chat.me !== before) connection.send({ type: "be", member: chat.me });
}

function drawAll() {
  const { room } = chat;
  say(byId("notice"), chat.notice);
  byId("topic").textContent = room ? room.topic : words.privateTitle(chat.bot.name);
  byId("subtitle").textContent = room ? words.members(room.members.length) : words.privateOf(chat.myName);
  drawIdentity(chat);
  composer.switchTo(chat.key);
  log.draw();
  sidebar.draw();
}

function drawKey(key) {
  if (key === chat.key) {
    chat.markRead();
    log.draw();
  } else log.drawPending();
  sidebar.draw();
}

function drawHistory(frame) {
  const key = chat.addHistory(frame);
  if (key === chat.key && frame.mode === "older") log.drawOlder();
  else drawKey(key);
}

function pick(key) {
  tellWhoIAmAfter(() => chat.choose(key));
  app.dataset.pane = "chat";
  drawAll();
  if (!narrow.matches) byId("text").focus();
}

function speak(text, quoted, mentions) {
  const line = chat.draft(text, quoted, mentions);
  transmit(line);
  log.stuck = true;
  log.drawPending();
}

function transmit({ client_id, member, room, text, quote, mentions }) {
  connection.send({ type: "say", client_id, member, room, text, quote, mentions });
}

function resend(line) {
  chat.retry(line);
  transmit(line);
  log.drawPending();
}

function discard(line) {
  chat.drop(line.client_id);
  log.draw();
}

function refuse({ code, client_id }) {
  if (code === "storage") {
    composer.showError(words.errors.storage);
    const waiting = chat.pending.find((line) => line.client_id === client_id);
    if (waiting) setTimeout(() => transmit(waiting), STORAGE_RETRY);
    return;
  }
  if (client_id && chat.fail(client_id, code)) log.drawPending();
  else composer.showError(words.errors[code] ?? words.errors.malformed);
}

function showState(state) {
  chat.online = state === "online";
  byId("link").dataset.state = state;
  byId("link").textContent = words.states[state];
  say(byId("lost"), state === "lost" ? words.lost : "");
  if (greeted) log.drawPending();
}

byId("me").onchange = (event) => {
  tellWhoIAmAfter(() => chat.become(event.target.value));
  drawAll();
  byId("text").focus();
};
byId("back").onclick = () => {
  app.dataset.pane = "list";
  sidebar.rows.get(chat.key)?.focus();
};

connection.start();
