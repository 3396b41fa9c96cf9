/*
 * What survives a restart: the chats with their newest message at start, older messages on request.
 */
"use strict";

__d("SandboxHistory", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { chats, recordsByIds } = require("SandboxMessageStore");
  const { attributesOf } = require("SandboxMessageRecords");
  const { ChatCollection } = require("WAWebChatCollection");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { widAt } = require("SandboxAddresses");

  async function load() {
    const isStatus = ({ number }) => widAt(number).isStatus();
    const all = await chats();
    for (const { last } of all.filter(isStatus)) await require("SandboxStatus").load(last);
    // Channels come with what the server says of them.
    const isChat = (chat) => !isStatus(chat) && !widAt(chat.number).isNewsletter();
    const stored = all.filter(isChat).sort((one, other) => other.t - one.t);
    const newest = new Map((await recordsByIds(stored.map((chat) => chat.last).filter(Boolean))).map((record) => [record.id, record]));
    for (const { number, last, unread, archive = false, pin = 0, muted = 0, token, t } of stored) {
      const chat = ChatCollection.add({ id: widAt(number), unreadCount: unread, archive, pin, t });
      chat.mute.expiration = muted;
      chat.tcToken = token;
      // A chat whose messages were cleared has none.
      if (newest.has(last)) MsgCollection.place(chat, attributesOf(newest.get(last)));
    }
  }

  exports.load = load;
});

__d("WAWebDBMessageFindLocal", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { near } = require("SandboxMessageStore");
  const { attributesOf } = require("SandboxMessageRecords");
  const { notImitated } = require("SandboxNotImitated");

  async function msgFindByDirection({ anchor, count, direction }) {
    const records = await near(String(anchor), count, direction);
    return { messages: records.map(attributesOf) };
  }

  exports.msgFindByDirection = msgFindByDirection;
  exports.msgFindBefore = ({ anchor, count }) => msgFindByDirection({ anchor, count, direction: "before" });
  exports.msgFindAfter = ({ anchor, count }) => msgFindByDirection({ anchor, count, direction: "after" });
  exports.msgFindCallLog = async () => [];
  exports.msgFindMedia = notImitated("media");
  exports.msgFindSearch = notImitated("searching messages");
  exports.msgFindEvents = notImitated("events");
  exports.msgFindStarred = notImitated("starred messages");
});

__d("WAWebChatLoadMessages", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { msgFindBefore } = require("WAWebDBMessageFindLocal");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { Msg: MsgModel } = require("WAWebMsgModel");
  const AT_A_TIME = 50;

  exports.loadEarlierMsgs = async ({ chat }) => {
    const oldest = chat.msgs.head();
    if (oldest === undefined) return [];
    const { messages } = await msgFindBefore({ anchor: oldest.id, count: AT_A_TIME });
    return messages.map((raw) => MsgCollection.get(raw.id) ?? new MsgModel(raw));
  };
});

__d("WAWebChatMessageSearch", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { MsgCollection } = require("WAWebMsgCollection");
  const { ChatMsgsCollection } = require("WAWebChatMsgsCollection");

  /* One object as its only parameter: wa-js counts the parameters to learn how to call it. */
  function getSearchContext({ chat, msgKey }) {
    const collection = new ChatMsgsCollection(chat);
    collection.loadAroundPromise = MsgCollection.getMessagesById([msgKey]).then(({ messages }) => {
      collection.add(messages);
    });
    return { collection, key: msgKey, highlightMsg: true };
  }

  exports.getSearchContext = getSearchContext;
});

__d("WAWebQuotedMsgModelUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { MsgCollection } = require("WAWebMsgCollection");
  const { identity } = require("SandboxIdentity");
  const { addressOf, personNumber } = require("SandboxAddresses");
  const { keyAt } = require("SandboxMessageRecords");
  const { Msg: MsgModel } = require("WAWebMsgModel");

  /* The quoted message itself where it is at hand, else one made of what the quote carries. */
  exports.getQuotedMsgObj = (message) => {
    const sender = personNumber(message.quotedParticipant);
    const fromMe = sender === identity.me.number;
    const id = keyAt(addressOf(message.id.remote), message.quotedStanzaID, { fromMe, sender });
    const [from, to] = fromMe ? [message.quotedParticipant, message.id.remote] : [message.id.remote, message.to];
    return MsgCollection.get(id) ?? new MsgModel({ ...message.quotedMsg, id, from, to });
  };
});
