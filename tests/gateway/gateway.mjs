/**
 * A real Wechaty gateway on loopback: the gRPC service of wechaty-puppet-service over a mock chat.
 *
 * Driven by JSON lines: {"do": name, ...} on standard input gives {"ok": value} or {"error": text} on standard
 * output. `serve` opens a fresh world; the other words are the methods of World, or stand in `words` below.
 * The process ends when its standard input does.
 */
import { createInterface } from 'node:readline'

// The libraries print to the console; standard output belongs to the answers.
for (const level of ['log', 'info', 'warn', 'debug']) {
  console[level] = console.error
}
process.env.BROLOG_LEVEL ??= 'silent'

const { log } = await import('wechaty-puppet')
log.level('silent')
const { PuppetServer } = await import('wechaty-puppet-service')
const { World, contactId, roomId } = await import('./world.mjs')

/** Not exported by the package: who signed the certificate that every gateway shows unless it has its own. */
const CERTIFICATES = new URL('./node_modules/wechaty-puppet-service/dist/esm/src/auth/ca.js', import.meta.url)

let world
let server

async function close () {
  await server?.stop()
  server = undefined
  if (world?.puppet.state.active()) {
    await world.puppet.stop()
  }
  world = undefined
}

const words = {
  async serve ({ bot, rooms, token, port, tls, loggedIn = true }) {
    await close()
    world = new World({ bot, rooms, loggedIn })
    server = new PuppetServer({ endpoint: `127.0.0.1:${port}`, puppet: world.puppet, token, tls: { disable: !tls } })
    await server.start()
  },
  close,
  ids: ({ contacts = [], rooms = [] }) => ({
    contacts : Object.fromEntries(contacts.map(name => [name, contactId(name)])),
    rooms    : Object.fromEntries(rooms.map(topic => [topic, roomId(topic)])),
  }),
  authority: async () => (await import(CERTIFICATES)).TLS_CA_CERT,
  fail: ({ method, times }) => { world.puppet.gate.failures.set(method, times) },
  hang: ({ method }) => { world.puppet.gate.hanging.add(method) },
  unhang: ({ method }) => { world.puppet.gate.hanging.delete(method) },
  calls: () => world.puppet.gate.calls,
  emit: ({ event, payload }) => { world.puppet.emit(event, payload) },
}

async function answer (line) {
  const { do: word, ...rest } = JSON.parse(line)
  const value = word in words ? await words[word](rest) : await world[word](rest)
  return { ok: value ?? null }
}

for await (const line of createInterface({ input: process.stdin })) {
  let result
  try {
    result = await answer(line)
  } catch (error) {
    result = { error: String(error?.stack ?? error) }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
process.exit(0)
