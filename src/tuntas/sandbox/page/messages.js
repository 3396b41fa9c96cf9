/*
 * Messages in memory, and their records in the store.
 *
 * A record is {id, chat, order, from, to, text, content, name, timestamp, ack, outgoing, quoted?, star?, revoked?,
 * unreadable?, notice?}: `notice` is the type of what WhatsApp itself wrote, `id`
 * is the serialised key, `chat` the other phone's number, `order` the place in the chat, `outgoing` 1 for what was sent
 * from this very device; `content` is explained in content.js.
 * Memory keeps the newest messages only; the store keeps all, and history reads from there.
 */
"use strict";

__d("SandboxQuotes", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const WORDS = { location: "loc", poll_creation: "pollName", event_creation: "eventName" };
  const FILES = ["image", "video", "audio", "ptt", "document", "sticker"];
  for (const type of FILES) WORDS[type] = "caption";

  exports.wordsOf = (message) => message[WORDS[message.type] ?? "body"] ?? "";

  /* A message as another one carries it that answers it. */
  exports.quotedMessage = (type = "chat", words) => ({ type, [WORDS[type] ?? "body"]: words });
});

__d("WAWebMsgModel", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseModel, defineModel } = require("WAWebBaseModel");
  const { quotedMessage, wordsOf } = require("SandboxQuotes");

  class MsgModel extends BaseModel {
    defaults() {
      return { type: "chat", ack: 0, isNewMsg: false, star: false };
    }

    get sender() {
      return this.author ?? this.from;
    }

    get senderObj() {
      return require("WAWebContactCollection").ContactCollection.get(this.sender);
    }

    get isSentByMe() {
      return this.id.fromMe;
    }

    get text() {
      return this.body;
    }

    /* What an answer to this message carries of it. */
    msgContextInfo() {
      return {
        quotedMsg: quotedMessage(this.type, wordsOf(this)),
        quotedStanzaID: this.id.id,
        quotedParticipant: this.sender,
      };
    }

    updateAck(ack) {
      if (ack > this.ack) this.ack = ack;
    }

    downloadMedia() {
      return require("SandboxMedia").download(this);
    }
  }

  const attributes = [
    "id",
    "body",
    "type",
    "subtype",
    "t",
    "from",
    "to",
    "author",
    "self",
    "ack",
    "isNewMsg",
    "notifyName",
    "star",
    "latestEditMsgKey",
    "quotedStanzaID",
  ];
  defineModel(MsgModel, "msg", attributes);
  exports.Msg = MsgModel;
});

__d("WAWebChatMsgsCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { Msg: MsgModel } = require("WAWebMsgModel");

  class ChatMsgsCollection extends BaseCollection {
    constructor(chat) {
      super(MsgModel);
      this.chat = chat;
      this.msgLoadState = { noEarlierMsgs: false, isLoadingEarlierMsgs: false };
    }
  }

  exports.ChatMsgsCollection = ChatMsgsCollection;
});

__d("WAWebMsgCollection", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { BaseCollection } = require("WAWebBaseCollection");
  const { findOrCreateLatestChat } = require("WAWebFindChatAction");
  const { Msg: MsgModel } = require("WAWebMsgModel");
  const KEPT_IN_A_CHAT = 200;
  const KEPT_IN_ALL = 2000;

  class MsgCollectionImpl extends BaseCollection {
    constructor() {
      super(MsgModel);
    }

    /* Take messages into a chat: the chat first, then its messages, then what the chat says about them. */
    async processMultipleMessages(chatWid, raws) {
      const { chat } = await findOrCreateLatestChat(chatWid);
      const revokes = (raw) => raw.type === "protocol" && raw.protocolMessageKey !== undefined;
      for (const { protocolMessageKey } of raws.filter(revokes)) {
        await require("SandboxMessageActs").revoked(protocolMessageKey);
      }
      return raws.filter((raw) => !revokes(raw)).map((raw) => this.place(chat, raw));
    }

    place(chat, raw) {
      const present = this.get(raw.id);
      if (present !== undefined) return present;
      const message = new MsgModel(raw);
      chat.msgs.add(message);
      this.add(message);
      chat.msgs.forgetBeyond(KEPT_IN_A_CHAT);
      this.forgetBeyond(KEPT_IN_ALL);
      chat.lastReceivedKey = message.id;
      chat.t = message.t;
      if (message.id.fromMe || !require("WAWebMsgGetters").getIsUnreadType(message)) return message;
      chat.tcToken ??= message.id.toString();
      if (message.isNewMsg) chat.unreadCount = Math.max(chat.unreadCount, 0) + 1;
      return message;
    }

    async getMessagesById(ids) {
      const { recordsByIds } = require("SandboxMessageStore");
      const { attributesOf } = require("SandboxMessageRecords");
      const records = await recordsByIds(ids.map(String));
      return { messages: records.map((record) => this.get(record.id) ?? new MsgModel(attributesOf(record))) };
    }
  }

  exports.MsgCollection = new MsgCollectionImpl();
});

__d("SandboxMessageRecords", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { identity } = require("SandboxIdentity");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
  const { addressOf, personNumber, personWid, widAt } = require("SandboxAddresses");
  const { contentOf, attributesOfContent } = require("SandboxContent");
  const { quotedMessage, wordsOf } = require("SandboxQuotes");
  const MsgKey = require("WAWebMsgKey");

  const isToMany = (wid) => wid.isGroup() || wid.isStatus();

  /* Where many read, a key names the sender too: this account in a group by its hidden id, others by their numbers. */
  function keyAt(chat, id, { fromMe, sender }) {
    const remote = widAt(chat);
    if (!isToMany(remote)) return new MsgKey({ fromMe, remote, id });
    const own = () => (remote.isGroup() ? [identity.me.lid, "lid"] : [identity.me.number]);
    const participant = fromMe ? createUserWidOrThrow(...own()) : personWid(sender);
    return new MsgKey({ fromMe, remote, id, participant });
  }

  /* The record of a message as the server describes it: {id, from, to, text, content, timestamp, ack, name}. */
  function recordOfFrame(message) {
    const fromMe = message.from === identity.me.number;
    const chat = fromMe || isToMany(widAt(message.to)) ? message.to : message.from;
    const key = keyAt(chat, message.id, { fromMe, sender: message.from });
    return {
      id: key.toString(),
      chat,
      from: message.from,
      to: message.to,
      text: message.text,
      content: message.content,
      name: message.name,
      timestamp: message.timestamp,
      ack: fromMe ? message.ack : 1,
      outgoing: 0,
      ...(message.unreadable && { unreadable: true }),
      ...(message.notice && { notice: message.notice }),
      ...(message.quoted && { quoted: message.quoted }),
    };
  }

  function recordOfModel(message, chat) {
    return {
      id: message.id.toString(),
      chat: addressOf(chat.id),
      from: identity.me.number,
      to: addressOf(chat.id),
      ...contentOf(message),
      name: identity.me.name,
      timestamp: message.t,
      ack: message.ack,
      outgoing: 1,
      ...(message.quotedStanzaID && { quoted: quoteIn(message) }),
    };
  }

  function quoteIn(message) {
    return {
      id: message.quotedStanzaID,
      from: personNumber(message.quotedParticipant),
      text: wordsOf(message.quotedMsg ?? {}),
      type: message.quotedMsg?.type ?? "chat",
    };
  }

  /* Left out altogether where nothing is quoted: wa-js takes any defined `quotedStanzaID` for a quote. */
  function quoteAttributes({ quoted }) {
    if (quoted === undefined) return {};
    return {
      quotedStanzaID: quoted.id,
      quotedParticipant: personWid(quoted.from),
      quotedMsg: quotedMessage(quoted.type, quoted.text),
    };
  }

  /* A message of somebody in a group comes from the group, and names its author; a status post too. */
  function sidesOf(record, key) {
    const from = personWid(record.from);
    const to = widAt(record.to);
    if (!isToMany(to)) return { from, to };
    if (key.fromMe) return { from, to, author: key.participant };
    return { from: to, to: personWid(identity.me.number), author: from };
  }

  /* What a message model is made from. */
  function attributesOf(record) {
    const key = MsgKey.fromString(record.id);
    return {
      id: key,
      ...attributesOfContent(record),
      t: record.timestamp,
      ...sidesOf(record, key),
      self: key.fromMe ? "out" : "in",
      ack: record.ack,
      isNewMsg: false,
      star: record.star ?? false,
      notifyName: record.name,
      ...quoteAttributes(record),
    };
  }

  exports.isToMany = isToMany;
  exports.keyAt = keyAt;
  exports.recordOfFrame = recordOfFrame;
  exports.recordOfModel = recordOfModel;
  exports.attributesOf = attributesOf;
});

__d("SandboxMessageStore", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { promised, read, write } = require("SandboxStorage");
  const { identity } = require("SandboxIdentity");
  let lastOrder = 0;

  /* Grows over restarts too, as long as the clock does not run backwards. */
  function nextOrder() {
    lastOrder = Math.max(lastOrder + 1, Date.now() * 1000);
    return lastOrder;
  }

  /* Whoever writes to this account lets it write back: the real page is given a token for that. */
  const tokenOf = (record) => (record.from !== identity.me.number && record.notice === undefined ? record.id : undefined);

  /* Store a message and its chat's summary in one transaction; false if it was there already. */
  function keep(record, { unread }) {
    return write(["message", "chat"], async (messages, chats) => {
      if ((await promised(messages.get(record.id))) !== undefined) return false;
      const chat = await promised(chats.get(record.chat));
      messages.put({ ...record, order: nextOrder() });
      const count = Math.max(chat?.unread ?? 0, 0) + (unread ? 1 : 0);
      const summary = { number: record.chat, last: record.id, t: record.timestamp, unread: count };
      chats.put({ ...chat, ...summary, token: chat?.token ?? tokenOf(record) });
      return true;
    });
  }

  /* An ack only ever grows; a failed send is final too. */
  function keepAck(ids, ack) {
    return write(["message"], async (messages) => {
      for (const id of ids) {
        const record = await promised(messages.get(id));
        if (record !== undefined && (ack > record.ack || ack < 0)) messages.put({ ...record, ack });
      }
    });
  }

  /* Put what `alter` makes of a record in its place; one that is not there stays away. */
  function change(id, alter) {
    return write(["message"], async (messages) => {
      const record = await promised(messages.get(String(id)));
      if (record !== undefined) messages.put(alter(record));
    });
  }

  function remove(id) {
    return write(["message"], (messages) => messages.delete(String(id)));
  }

  function chats() {
    return read(["chat"], (store) => promised(store.getAll()));
  }

  async function recordsByIds(ids) {
    const found = await read(["message"], (store) => Promise.all(ids.map((id) => promised(store.get(id)))));
    return found.filter((record) => record !== undefined);
  }

  /* What this device wanted to send and the server never confirmed. */
  function unsent() {
    return read(["message"], (store) => promised(store.index("by_ack").getAll([1, 0])));
  }

  /* Up to `count` records next to `anchorId` in its chat, oldest first; the anchor is not among them. */
  async function near(anchorId, count, direction) {
    return read(["message"], async (store) => {
      const anchor = await promised(store.get(anchorId));
      if (anchor === undefined || !(count > 0)) return [];
      const before = direction !== "after";
      const range = before
        ? IDBKeyRange.bound([anchor.chat, 0], [anchor.chat, anchor.order], false, true)
        : IDBKeyRange.bound([anchor.chat, anchor.order], [anchor.chat, Infinity], true, false);
      const found = [];
      await new Promise((resolve, reject) => {
        const request = store.index("by_chat").openCursor(range, before ? "prev" : "next");
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const cursor = request.result;
          if (cursor === null || found.length >= count) return resolve();
          found.push(cursor.value);
          return cursor.continue();
        };
      });
      return before ? found.reverse() : found;
    });
  }

  exports.keep = keep;
  exports.keepAck = keepAck;
  exports.change = change;
  exports.remove = remove;
  exports.chats = chats;
  exports.recordsByIds = recordsByIds;
  exports.unsent = unsent;
  exports.near = near;
});
