// What the page knows: rooms, who I am, what was said, what still waits to be sent. No DOM in here.

const STORE = "qianqun";
export const PRIVATE = ""; // key of my private chat with the bot; every other key is a room's id

export class Chat {
  constructor(storage) {
    this.storage = storage;
    const kept = JSON.parse(storage.getItem(STORE) ?? "{}");
    this.me = kept.me ?? "";
    this.key = kept.key ?? null; // null: nothing chosen yet
    this.mine = kept.mine ?? {}; // room → who I am there
    this.read = kept.read ?? {}; // key → last line seen
    this.pending = kept.pending ?? []; // my lines without a receipt
    this.rooms = [];
    this.people = new Map(); // id → { id, name, index }, in the order of the rooms
    this.bot = { id: "", name: "" };
    this.limit = Infinity;
    this.recallWithin = 0; // milliseconds
    this.notice = "";
    this.talks = new Map(); // key → { lines, more }
    this.last = null; // newest line of any room or of my private chat
  }

  keep() {
    const { me, key, mine, read, pending } = this;
    this.storage.setItem(STORE, JSON.stringify({ me, key, mine, read, pending }));
  }

  get room() {
    return this.rooms.find((room) => room.id === this.key);
  }

  /** Everybody I can be in the chosen conversation. */
  get faces() {
    const people = this.room?.members ?? [...this.people.values()];
    return people.map((member) => ({
      id: member.id,
      name: this.room ? shownName(member) : member.name,
      leader: this.room ? this.room.owner === member.id : this.rooms.some((room) => room.owner === member.id),
    }));
  }

  get myName() {
    return this.faces.find((face) => face.id === this.me)?.name ?? "";
  }

  talk(key = this.key) {
    if (!this.talks.has(key)) this.talks.set(key, { lines: [], more: false });
    return this.talks.get(key);
  }

  unread(key) {
    if (key === this.key) return 0;
    const seen = this.read[key] ?? 0;
    return this.talk(key).lines.filter((line) => line.id > seen && line.sender !== this.me && !line.recalls).length;
  }

  hello() {
    const privateLines = this.talk(PRIVATE).lines;
    return {
      type: "hello",
      member: this.me,
      after: this.last?.id ?? 0,
      after_at: this.last?.at ?? null,
      private_after: privateLines.length ? this.last.id : 0,
    };
  }

  /** Start, or go on after a break: without `resumed` the log is not the one whose lines we have. */
  welcome({ bot, notice, limit, recall_within_s, rooms, resumed }) {
    Object.assign(this, { bot, notice, limit, recallWithin: recall_within_s * 1000 });
    if (!resumed) {
      this.talks.clear();
      this.last = null;
    }
    this.setRooms(rooms);
  }

  setRooms(rooms) {
    this.rooms = rooms;
    this.people.clear();
    for (const { id, name } of rooms.flatMap((room) => room.members)) {
      if (!this.people.has(id)) this.people.set(id, { id, name, index: this.people.size });
    }
    if (this.key !== PRIVATE && !this.room) this.key = rooms[0]?.id ?? PRIVATE;
    this.settleWhoIAm();
  }

  /** Be who I was here last; else who I am now, if that person is here; else the first who is not the leader. */
  settleWhoIAm() {
    const faces = this.faces;
    const wanted = [this.mine[this.key], this.me].find((id) => faces.some((face) => face.id === id));
    this.become(wanted ?? (faces.find((face) => !face.leader) ?? faces[0])?.id ?? "");
  }

  choose(key) {
    this.key = key;
    this.settleWhoIAm();
    this.markRead();
  }

  become(member) {
    if (this.room) this.mine[this.key] = member;
    if (member === this.me) return;
    this.me = member;
    this.talks.delete(PRIVATE);
    delete this.read[PRIVATE];
    this.keep();
  }

  markRead() {
    this.read[this.key] = this.talk().lines.at(-1)?.id ?? 0;
    this.keep();
  }

  /** Take one line; returns its key, or null when it was known or is not for me. */
  add(line) {
    const key = line.room || PRIVATE;
    this.#receipt(line);
    if (key === PRIVATE && line.contact !== this.me) return null;
    const { lines } = this.talk(key);
    if (lines.at(-1)?.id >= line.id) return null;
    lines.push(line);
    takeBack(lines, [line]);
    this.#newest(line);
    return key;
  }

  /** Take a stretch of history; returns its key, or null when it is not for me. */
  addHistory({ room, member, mode, more, lines }) {
    const key = room || PRIVATE;
    if (key === PRIVATE && member !== this.me) return null;
    lines.forEach((line) => this.#receipt(line));
    const talk = this.talk(key);
    if (mode === "newest") talk.lines = lines;
    else if (mode === "older") talk.lines = [...lines, ...talk.lines];
    else talk.lines = [...talk.lines, ...lines.filter((line) => line.id > (talk.lines.at(-1)?.id ?? 0))];
    if (mode !== "since") talk.more = more;
    takeBack(talk.lines, lines);
    if (lines.length && mode !== "older") this.#newest(lines.at(-1));
    const end = talk.lines.at(-1)?.id ?? 0;
    this.read[key] = Math.min(this.read[key] ?? end, end); // a log begun anew counts from 1 again
    return key;
  }

  /** The frame that takes a line of mine back. */
  recall(line) {
    return { type: "recall", client_id: mark(), member: this.me, line: line.id };
  }

  /** Write down a line of mine before it is sent; it is kept until its receipt comes. */
  draft(text, quoted, mentions) {
    const line = { client_id: mark(), member: this.me, room: this.key, text, quote: quoted?.id ?? null, mentions };
    this.pending.push(line);
    this.keep();
    return line;
  }

  pendingHere() {
    return this.pending.filter((line) => line.room === this.key && line.member === this.me);
  }

  drop(clientId) {
    this.pending = this.pending.filter((line) => line.client_id !== clientId);
    this.keep();
  }

  /** Make a refused line ready to be sent once more. */
  retry(line) {
    line.client_id = mark();
    delete line.failed;
    this.keep();
  }

  fail(clientId, code) {
    const line = this.pending.find((candidate) => candidate.client_id === clientId);
    if (line) line.failed = code;
    this.keep();
    return line;
  }

  #receipt(line) {
    if (line.client_id && this.pending.some((waiting) => waiting.client_id === line.client_id)) this.drop(line.client_id);
  }

  #newest(line) {
    if (!this.last || line.id > this.last.id) this.last = line;
  }
}

/** What the newer lines take back loses its words; the line stays, so that everybody sees that there was one. */
function takeBack(lines, newer) {
  for (const { recalls } of newer) {
    const taken = recalls && lines.find((line) => line.id === recalls);
    if (taken) Object.assign(taken, { recalled: true, text: "", quote: null, mentions: [] });
  }
}

/** A mark nobody else has; crypto.randomUUID is missing where the page is served without TLS to others. */
function mark() {
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}

export const shownName = (member) => member.room_name || member.name;
