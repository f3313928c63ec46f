// The WebSocket: comes back by itself, notices a dead line, and says which state it is in.

const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 8_000;
const OPEN_WITHIN = 6_000;
const PING_EVERY = 15_000;
const PONG_WITHIN = 8_000;

export class Connection {
  /** `hello()` makes the first frame; `onFrame(frame)`; `onState("connecting" | "online" | "lost")`. */
  constructor({ hello, onFrame, onState }) {
    Object.assign(this, { hello, onFrame, onState });
    this.pause = FIRST_PAUSE;
    this.state = "connecting";
  }

  start() {
    this.#open();
    const now = () => this.state !== "online" && this.#openSoon(0);
    window.addEventListener("online", now);
    document.addEventListener("visibilitychange", () => document.hidden || now());
  }

  /** Send a frame if the line is up; false means it was not sent. */
  send(frame) {
    if (this.state !== "online") return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  #open() {
    clearTimeout(this.reopening);
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.#lost(), OPEN_WITHIN); // a frozen server accepts and says nothing
    const url = new URL("/ws", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket?.close();
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.hello()));
    socket.onmessage = (event) => socket === this.socket && this.#take(JSON.parse(event.data));
    socket.onclose = () => socket === this.socket && this.#lost();
  }

  #take(frame) {
    clearTimeout(this.deadline);
    if (frame.type === "welcome") {
      this.pause = FIRST_PAUSE;
      this.#become("online");
      clearInterval(this.pinging);
      this.pinging = setInterval(() => this.#ping(), PING_EVERY);
    }
    this.onFrame(frame);
  }

  #ping() {
    if (!this.send({ type: "ping" })) return;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.#lost(), PONG_WITHIN);
  }

  #lost() {
    clearTimeout(this.deadline);
    clearInterval(this.pinging);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.#become("lost");
    this.#openSoon(this.pause * (0.7 + Math.random() * 0.6));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  #openSoon(milliseconds) {
    clearTimeout(this.reopening);
    this.reopening = setTimeout(() => this.#open(), milliseconds);
  }

  #become(state) {
    this.state = state;
    this.onState(state);
  }
}
