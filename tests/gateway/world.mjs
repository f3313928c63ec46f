/**
 * A small chat world: contacts, rooms with members and the names they use in each room, invitations.
 * The mock puppet of Wechaty keeps messages; what it leaves empty (members, room names, invitations) is kept here.
 */
import { createHash } from 'node:crypto'
import { PuppetMock, mock } from 'wechaty-puppet-mock'
import { types } from 'wechaty-puppet'

const SPACE_AFTER_MENTION = '\u2005'
const QUOTE_LINE = '- - - - - - - - - - - - - - -'

/** The same name gives the same id in every process, so that a killed gateway comes back with its rooms. */
const idOf = (kind, name) => `${kind}${createHash('sha1').update(name).digest('hex').slice(0, 12)}`
export const contactId = name => idOf('wxid_', name)
export const roomId = name => `${idOf('', name)}@chatroom`

/** Names calls that fail, hang or are counted; every read or send of the gateway passes here once. */
class Gate {

  failures = new Map()
  hanging = new Set()
  calls = []

  async pass (method, id) {
    this.calls.push({ method, id, at: Date.now() })
    if (this.hanging.has(method)) {
      await new Promise(() => {})
    }
    const left = this.failures.get(method) ?? 0
    if (left > 0) {
      this.failures.set(method, left - 1)
      throw new Error(`${method} fails as the test asked`)
    }
  }

}

class RoomKeepingPuppet extends PuppetMock {

  world
  gate = new Gate()

  async onStart () {
    await super.onStart()
    setImmediate(() => this.world.enter())
  }

  /** The mock answers after a second; a test has less patience. */
  ding (data) {
    setTimeout(() => this.emit('dong', { data: data ?? '' }), 5)
  }

  async contactRawPayload (id) {
    await this.gate.pass('contact', id)
    return super.contactRawPayload(id)
  }

  async roomRawPayload (id) {
    await this.gate.pass('room', id)
    return super.roomRawPayload(id)
  }

  async messageRawPayload (id) {
    await this.gate.pass('message', id)
    return super.messageRawPayload(id)
  }

  async roomMemberRawPayload (room, contact) {
    await this.gate.pass('member', contact)
    const { memberIdList } = this.mocker.roomPayload(room)
    if (!memberIdList.includes(contact)) {
      throw new Error(`contact ${contact} is not in room ${room}`)
    }
    const { avatar, name } = this.mocker.contactPayload(contact)
    return { avatar, id: contact, name, roomAlias: this.world.aliases.get(`${room} ${contact}`) ?? '' }
  }

  async messageSendText (conversation, text, mentionIds = []) {
    await this.gate.pass('send', conversation)
    if (!this.isLoggedIn) {
      throw new Error('not logged in')
    }
    return this.world.speak(this.currentUserId, conversation, text, mentionIds)
  }

  async messageSendFile (conversation, file) {
    await this.gate.pass('send', conversation)
    if (!this.isLoggedIn) {
      throw new Error('not logged in')
    }
    return this.world.speak(this.currentUserId, conversation, file, [])
  }

  /** WeChat makes no room of fewer than three, and tells everybody in it that they joined. */
  async roomCreate (contactIds, topic) {
    await this.gate.pass('createRoom', topic)
    return this.world.makeRoom(contactIds, topic)
  }

  async roomAdd (room, contact) {
    await this.gate.pass('addMember', contact)
    this.world.addMember(room, contact)
  }

  async roomInvitationRawPayload (id) {
    await this.gate.pass('invitation', id)
    return this.world.invitation(id)
  }

  async roomInvitationAccept (id) {
    await this.gate.pass('accept', id)
    this.world.accept(id)
  }

}

export class World {

  aliases = new Map()
  invitations = new Map()
  made = 0
  mocker = new mock.Mocker()
  puppet = new RoomKeepingPuppet({ mocker: this.mocker })

  constructor ({ bot, rooms, loggedIn }) {
    this.puppet.world = this
    this.loggedIn = loggedIn
    this.bot = this.contact(bot)
    for (const { topic, owner, members } of rooms) {
      this.createRoom(roomId(topic), topic, owner, { ...members, [bot]: '' })
    }
  }

  contact (name) {
    const id = contactId(name)
    return this.mocker.cacheContactPayload.has(id)
      ? this.mocker.ContactMock.load(id)
      : this.mocker.createContact({ id, name, alias: '', friend: true })
  }

  createRoom (id, topic, owner, members) {
    for (const [name, alias] of Object.entries(members)) {
      this.aliases.set(`${id} ${this.contact(name).id}`, alias)
    }
    const memberIdList = Object.keys(members).map(contactId)
    this.mocker.createRoom({ id, topic, ownerId: contactId(owner), memberIdList, adminIdList: [] })
  }

  makeRoom (contactIds, topic) {
    const { ContactMock, RoomMock } = this.mocker
    const people = contactIds.map(id => ContactMock.load(id))
    if (people.length < 2) {
      throw new Error('a room needs three people')
    }
    this.made += 1
    const id = roomId(`${topic} #${this.made}`)
    const names = people.map(({ payload }) => [payload.name, ''])
    this.createRoom(id, topic, this.bot.payload.name, Object.fromEntries(names))
    RoomMock.load(id).add(this.bot).by(this.bot)
    return id
  }

  addMember (room, contact) {
    this.mocker.RoomMock.load(room).add(this.mocker.ContactMock.load(contact)).by(this.bot)
    this.puppet.dirtyPayload(types.Dirty.Room, room)
  }

  /** Every room that the bot has made: its id, topic and the names of who is in it. */
  madeRooms () {
    const { ContactMock, RoomMock } = this.mocker
    return [...RoomMock.pool.values()]
      .map(({ payload }) => payload)
      .filter(({ ownerId }) => ownerId === this.bot.id)
      .map(({ id, topic, memberIdList }) => ({
        id,
        topic,
        members: memberIdList.map(member => ContactMock.load(member).payload.name),
      }))
  }

  /** Called when a client starts the puppet: whoever was logged in is logged in again. */
  enter () {
    if (!this.loggedIn) {
      return
    }
    if (this.puppet.isLoggedIn) {
      this.puppet.emit('login', { contactId: this.bot.id })
    } else {
      this.mocker.login(this.bot)
    }
  }

  login () {
    this.loggedIn = true
    this.enter()
  }

  async logout () {
    this.loggedIn = false
    await this.puppet.logout('the phone logged out')
  }

  say ({ room, member, text, mentions = [], quote, type, silent }) {
    const conversation = room ? roomId(room) : this.bot.id
    const spoken = mentions.map(name => `@${this.shownName(conversation, name)}${SPACE_AFTER_MENTION}`).join('') + text
    const whole = quote ? `「${quote[0]}：${quote[1]}」\n${QUOTE_LINE}\n${spoken}` : spoken
    const ids = silent ? [] : mentions.map(contactId)
    return this.speak(contactId(member), conversation, whole, ids, type)
  }

  shownName (conversation, name) {
    return this.aliases.get(`${conversation} ${contactId(name)}`) || name
  }

  /** Make a message and announce it. The mock fixes the type as text; a given one is set before anybody asks. */
  speak (speaker, conversation, text, mentionIds, type) {
    const { ContactMock, RoomMock } = this.mocker
    const target = conversation.includes('@') ? RoomMock.load(conversation) : ContactMock.load(conversation)
    let id
    const listener = ({ messageId }) => {
      id = messageId
      if (type !== undefined) {
        this.mocker.cacheMessagePayload.get(id).type = type
      }
    }
    this.puppet.prependOnceListener('message', listener)
    const mentioned = mentionIds.filter(m => this.mocker.cacheContactPayload.has(m)).map(m => ContactMock.load(m))
    ContactMock.load(speaker).say(text, mentioned).to(target)
    return id
  }

  repeat ({ id }) {
    this.puppet.emit('message', { messageId: id })
  }

  sent ({ room }) {
    return this.#sentBy(room)
      .filter(({ id }) => !this.mocker.cacheFileBoxPayload.has(id))
      .map(({ text, mentionIdList }) => ({ text, mentions: mentionIdList }))
  }

  sentFiles ({ room }) {
    return this.#sentBy(room)
      .map(({ id }) => this.mocker.cacheFileBoxPayload.get(id))
      .filter(Boolean)
      .map(({ name, base64 }) => ({ name, content: base64 }))
  }

  #sentBy (room) {
    return [...this.mocker.cacheMessagePayload.values()]
      .filter(m => m.talkerId === this.bot.id && m.roomId === roomId(room))
  }

  /** A member takes a message back: a message of its own, whose text is the id or WeChat's record with it. */
  recall ({ room, member, id, text = id }) {
    return this.speak(contactId(member), roomId(room), text, [], types.Message.Recalled)
  }

  join ({ room, member, alias = '' }) {
    const id = roomId(room)
    this.aliases.set(`${id} ${this.contact(member).id}`, alias)
    this.mocker.RoomMock.load(id).add(this.contact(member)).by(this.bot)
    this.puppet.dirtyPayload(types.Dirty.Room, id)
  }

  leave ({ room, member }) {
    const id = roomId(room)
    this.mocker.RoomMock.load(id).remove(this.contact(member)).by(this.contact(member))
    this.puppet.dirtyPayload(types.Dirty.Room, id)
  }

  rename ({ room, topic, member }) {
    this.mocker.RoomMock.load(roomId(room)).topic(topic).by(this.contact(member))
    this.puppet.dirtyPayload(types.Dirty.Room, roomId(room))
  }

  invite ({ inviter, topic }) {
    const id = `invitation-${this.invitations.size + 1}`
    this.invitations.set(id, { inviter, topic })
    this.puppet.emit('room-invite', { roomInvitationId: id })
    return id
  }

  invitation (id) {
    const found = this.invitations.get(id)
    if (!found) {
      throw new Error(`no invitation ${id}`)
    }
    return {
      id,
      inviterId    : contactId(found.inviter),
      topic        : found.topic,
      avatar       : '',
      invitation   : '',
      memberCount  : 1,
      memberIdList : [contactId(found.inviter)],
      timestamp    : Date.now(),
      receiverId   : this.bot.id,
    }
  }

  accept (id) {
    const { inviterId, topic } = this.invitation(id)
    const { inviter } = this.invitations.get(id)
    this.createRoom(roomId(topic), topic, inviter, { [inviter]: '' })
    this.mocker.RoomMock.load(roomId(topic)).add(this.bot).by(this.mocker.ContactMock.load(inviterId))
  }

}
